// Objects written and read without a checkout: raw bytes in, raw bytes out. No filter, hook or index of the user takes part.
import type { Readable } from 'node:stream';
import { Failure } from '../../../schemas/errors.ts';
import { bulkMs, listBytes, type RunGit } from './run-git.ts';

export interface TreeEntry {
  readonly mode: string;
  readonly id: string;
  readonly path: string;
}

const settings: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  // Git leaves new objects to the page cache by default, and what is saved here is about to be deleted elsewhere.
  'core.fsync': 'loose-object,reference',
  'core.fsmonitor': 'false',
  'core.splitIndex': 'false',
  'index.sparse': 'false',
  // Names that only other systems cannot have are saved like all others.
  'core.protectNTFS': 'false',
  'core.protectHFS': 'false',
};

/** The environment of a git that runs nothing of the user's, and that needs no identity of theirs. */
export const quietEnv: Readonly<Record<string, string>> = {
  GIT_CONFIG_PARAMETERS: Object.entries(settings)
    .map(([key, value]) => `'${key}'='${value}'`)
    .join(' '),
  GIT_AUTHOR_NAME: 'coppice',
  GIT_AUTHOR_EMAIL: 'coppice@localhost',
  GIT_COMMITTER_NAME: 'coppice',
  GIT_COMMITTER_EMAIL: 'coppice@localhost',
};

/** Object names of files as they lie on the disk, in their order. Links are followed, so they must not be among them. */
export async function hashFiles(git: RunGit, cwd: string, paths: readonly string[], keep: boolean): Promise<string[]> {
  if (paths.length === 0) return [];
  const args = ['hash-object', ...(keep ? ['-w'] : []), '--no-filters', '--stdin-paths'];
  const input = paths.map((path) => `${quoted(path)}\n`).join('');
  const { stdout } = await git.write(cwd, args, { input, timeoutMs: bulkMs, maxOutputBytes: listBytes }, quietEnv);
  return stdout.trimEnd().split('\n');
}

export async function writeBlob(git: RunGit, cwd: string, input: string): Promise<string> {
  return (await git.write(cwd, ['hash-object', '-w', '--stdin'], { input }, quietEnv)).stdout.trim();
}

/** A tree of these entries and of the symbolic links at these paths. `indexPath` names a file that git may make. */
export async function writeTree(
  git: RunGit,
  cwd: string,
  indexPath: string,
  { entries, links = [] }: { entries: readonly TreeEntry[]; links?: readonly string[] },
): Promise<string> {
  const env = { ...quietEnv, GIT_INDEX_FILE: indexPath };
  const lines = entries.map(({ mode, id, path }) => `${mode} ${id}\t${path}\0`).join('');
  if (lines !== '') await git.write(cwd, ['update-index', '-z', '--index-info'], { input: lines, timeoutMs: bulkMs }, env);
  const linkInput = links.map((path) => `${path}\0`).join('');
  if (linkInput !== '') await git.write(cwd, ['update-index', '-z', '--add', '--stdin'], { input: linkInput, timeoutMs: bulkMs }, env);
  // An entry that is only intended to be added has no object, and a partial clone lacks some.
  return (await git.write(cwd, ['write-tree', '--missing-ok'], { timeoutMs: bulkMs }, env)).stdout.trim();
}

export async function commitTree(
  git: RunGit,
  cwd: string,
  { tree, parents, message }: { tree: string; parents: readonly string[]; message: string },
): Promise<string> {
  const args = ['commit-tree', tree, ...[...new Set(parents)].flatMap((parent) => ['-p', parent])];
  return (await git.write(cwd, args, { input: message }, quietEnv)).stdout.trim();
}

export async function readTree(git: RunGit, cwd: string, treeish: string): Promise<TreeEntry[]> {
  const { stdout } = await git.read(cwd, ['ls-tree', '-r', '-z', '--full-tree', treeish], { maxOutputBytes: listBytes });
  return stdout
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [, mode = '', id = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return { mode, id, path };
    });
}

/** Hands each blob to `take`, one after the other, in pieces. */
export async function readBlobs<E extends { readonly id: string }>(
  git: RunGit,
  cwd: string,
  entries: readonly E[],
  take: (entry: E, pieces: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  if (entries.length === 0) return;
  const { stdout, ended } = git.stream(cwd, ['cat-file', '--batch'], entries.map(({ id }) => `${id}\n`).join(''));
  const reader = createReader(stdout);
  try {
    for (const entry of entries) {
      const [, size] = /^[0-9a-f]+ blob (\d+)$/.exec(await reader.line()) ?? [];
      if (size === undefined) throw missing(entry.id, cwd, stdout.readableEnded ? await ended : '');
      const pieces = reader.take(Number(size));
      await take(entry, pieces);
      for await (const _ of pieces);
      await reader.line();
    }
  } finally {
    stdout.destroy();
  }
}

function missing(id: string, cwd: string, stderrTail: string): Failure {
  return new Failure('TOOL_FAILED', `'git cat-file' has no object "${id}" in "${cwd}"; run 'git fsck' there.`, {
    details: { tool: 'git', stderrTail },
  });
}

interface ByteReader {
  line(): Promise<string>;
  take(size: number): AsyncGenerator<Buffer, void, void>;
}

function createReader(stream: Readable): ByteReader {
  const source = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let rest = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const next = await source.next();
    if (next.done) return false;
    rest = rest.length === 0 ? Buffer.from(next.value) : Buffer.concat([rest, next.value]);
    return true;
  };
  return {
    async line() {
      while (!rest.includes(10)) if (!(await more())) return '';
      const end = rest.indexOf(10);
      const text = rest.subarray(0, end).toString('utf8');
      rest = rest.subarray(end + 1);
      return text;
    },
    async *take(size) {
      for (let left = size; left > 0; ) {
        if (rest.length === 0 && !(await more())) throw new Error('the output of git ended early');
        const piece = rest.subarray(0, left);
        rest = rest.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
  };
}

/** As git reads a list of names by lines: in quotes when a character would end or change it. */
function quoted(path: string): string {
  if (!/[\n"\\]/.test(path)) return path;
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
