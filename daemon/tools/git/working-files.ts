// What a worktree holds at one moment: its index entries, and every file of it that is to be saved.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence } from './git-files.ts';
import type { TreeEntry } from './objects.ts';
import { listBytes, type RunGit } from './run-git.ts';
import { status, type WorktreeStatus } from './status.ts';

export interface IndexEntry extends TreeEntry {
  readonly stage: number;
  /** 'H' for one that git compares with the disk as usual. */
  readonly tag: string;
}

export interface WorkingFile {
  readonly path: string;
  readonly isLink: boolean;
  /** The permission bits. */
  readonly mode: number;
  readonly kind: 'tracked' | 'untracked' | 'ignored';
  /** Changes with every write to the file. */
  readonly stamp: string;
}

export interface WorkingState {
  readonly status: WorktreeStatus;
  readonly index: readonly IndexEntry[];
  readonly files: readonly WorkingFile[];
  /** Submodules, in the index. */
  readonly links: readonly IndexEntry[];
}

/** `ignored` are files that git ignores and that are wanted all the same. */
export async function readWorkingState(git: RunGit, worktreePath: string, ignored: readonly string[]): Promise<WorkingState> {
  const [now, index] = await Promise.all([status(git, worktreePath), readIndex(git, worktreePath)]);
  const kinds = new Map<string, WorkingFile['kind']>(ignored.map((path) => [path, 'ignored']));
  for (const path of now.untracked) if (!path.endsWith('/')) kinds.set(path, 'untracked');
  const links = index.filter(({ mode }) => mode === '160000');
  const submodules = new Set(links.map(({ path }) => path));
  for (const { path } of index) if (!submodules.has(path)) kinds.set(path, 'tracked');
  const files = await lookAt(worktreePath, [...kinds]);
  return { status: now, index, files: withoutThoseBehindLinks(files), links };
}

/** The same files with the same stamps, and the same index. */
export function isSameState(a: WorkingState, b: WorkingState): boolean {
  const text = ({ status: { head, branch }, index, files }: WorkingState): string => JSON.stringify([head, branch, index, files]);
  return text(a) === text(b);
}

async function readIndex(git: RunGit, worktreePath: string): Promise<IndexEntry[]> {
  const { stdout } = await git.read(worktreePath, ['ls-files', '--stage', '-v', '-z'], { maxOutputBytes: listBytes });
  return stdout
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [, tag = '', mode = '', id = '', stage = '0', path = ''] = /^(\S) (\d+) ([0-9a-f]+) (\d)\t(.*)$/s.exec(line) ?? [];
      return { tag, mode, id, stage: Number(stage), path };
    });
}

// Few at a time: each look holds one of libuv's four threads.
const looksAtOnce = 16;

async function lookAt(worktreePath: string, wanted: [string, WorkingFile['kind']][]): Promise<WorkingFile[]> {
  const found: (WorkingFile | undefined)[] = new Array(wanted.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < wanted.length; at = next++) {
      const [path, kind] = wanted[at] as [string, WorkingFile['kind']];
      found[at] = await look(worktreePath, path, kind);
    }
  };
  await Promise.all(Array.from({ length: looksAtOnce }, worker));
  return found.filter((file) => file !== undefined);
}

async function look(worktreePath: string, path: string, kind: WorkingFile['kind']): Promise<WorkingFile | undefined> {
  try {
    const about = await lstat(join(worktreePath, path), { bigint: true });
    // A folder in the place of a tracked file: what is in it is listed by itself.
    if (!about.isFile() && !about.isSymbolicLink()) return undefined;
    const stamp = [about.ino, about.size, about.mode, about.mtimeNs, about.ctimeNs].join(' ');
    return { path, isLink: about.isSymbolicLink(), mode: Number(about.mode) & 0o7777, kind, stamp };
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** A tracked file whose folder has become a link is gone, although its path still leads somewhere. */
function withoutThoseBehindLinks(files: readonly WorkingFile[]): WorkingFile[] {
  const links = new Set(files.filter(({ isLink }) => isLink).map(({ path }) => path));
  if (links.size === 0) return [...files];
  const isBehind = (path: string): boolean => {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      if (links.has(path.slice(0, slash))) return true;
    }
    return false;
  };
  return files.filter(({ path }) => !isBehind(path));
}
