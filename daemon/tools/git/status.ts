import type { FileChange } from '../../../schemas/worktree.ts';
import { listBytes, type RunGit } from './run-git.ts';

export interface WorktreeStatus {
  /** Absent on a branch without commits. */
  readonly head?: string;
  /** Absent while detached. */
  readonly branch?: string;
  readonly staged: readonly FileChange[];
  /** Without those in conflict. */
  readonly unstaged: readonly FileChange[];
  readonly untracked: readonly string[];
  readonly conflicted: readonly string[];
  /** Nothing staged, unstaged, untracked or in conflict. */
  readonly clean: boolean;
}

// Plumbing, not simple-git: its parser reads format 1, which knows neither the commit of HEAD nor changes inside submodules.
const args = ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all', '--ignore-submodules=none', '--find-renames'];

export async function status(git: RunGit, worktreePath: string, signal?: AbortSignal): Promise<WorktreeStatus> {
  return parseStatus((await git.read(worktreePath, args, { signal, maxOutputBytes: listBytes })).stdout);
}

export function parseStatus(text: string): WorktreeStatus {
  const found = { staged: [] as FileChange[], unstaged: [] as FileChange[], untracked: [] as string[], conflicted: [] as string[] };
  const header = new Map<string, string>();
  const records = text.split('\0');
  for (let at = 0; at < records.length; at++) {
    const record = records[at] ?? '';
    if (record.startsWith('# ')) addHeader(header, record);
    else if (record.startsWith('? ')) found.untracked.push(record.slice(2));
    else if (record.startsWith('u ')) found.conflicted.push(fieldsAfter(record, 10));
    else if (record.startsWith('1 ')) addChange(found, record, fieldsAfter(record, 8));
    // The old path of a rename is a record of its own.
    else if (record.startsWith('2 ')) addChange(found, record, fieldsAfter(record, 9), records[++at]);
  }
  const commit = header.get('branch.oid');
  const branch = header.get('branch.head');
  return {
    ...(commit !== undefined && commit !== '(initial)' && { head: commit }),
    ...(branch !== undefined && branch !== '(detached)' && { branch }),
    ...found,
    clean: found.staged.length + found.unstaged.length + found.untracked.length + found.conflicted.length === 0,
  };
}

function addHeader(header: Map<string, string>, record: string): void {
  const space = record.indexOf(' ', 2);
  header.set(record.slice(2, space), record.slice(space + 1));
}

/** The rest of a record after so many fields; a path may hold spaces. */
function fieldsAfter(record: string, count: number): string {
  let at = 0;
  for (let field = 0; field < count; field++) at = record.indexOf(' ', at) + 1;
  return record.slice(at);
}

const letters: Readonly<Record<string, FileChange['status']>> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  C: 'copied',
  T: 'typeChanged',
  U: 'conflicted',
};

/** What git's letter for a change means. */
export function changeOf(letter: string | undefined): FileChange['status'] {
  return letters[letter ?? ''] ?? 'modified';
}

function addChange(found: { staged: FileChange[]; unstaged: FileChange[] }, record: string, path: string, from?: string): void {
  const add = (list: FileChange[], letter: string | undefined): void => {
    if (letter === undefined || letter === '.') return;
    const isMove = letter === 'R' || letter === 'C';
    list.push({ path, status: changeOf(letter), ...(isMove && from !== undefined && { from }) });
  };
  add(found.staged, record[2]);
  add(found.unstaged, record[3]);
}
