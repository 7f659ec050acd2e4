// One call of `git diff --raw --numstat -z`, read by position: -z leaves odd file names as they are.
import type { FileChange } from '../../../schemas/worktree.ts';
import { listBytes, type RunGit } from './run-git.ts';
import { changeOf } from './status.ts';

/** Overrules what the user's configuration would change in the output. */
export const plainDiff = [
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--find-renames',
  '--submodule=short',
  '--ignore-submodules=none',
];

/** What `git diff` of these arguments changes: none (against the index), `--cached`, one commit or two. */
export async function changes(git: RunGit, worktreePath: string, what: readonly string[], signal?: AbortSignal): Promise<FileChange[]> {
  const args = ['diff', ...plainDiff, '--no-relative', '--raw', '--numstat', '-z', ...what, '--'];
  return parseChanges((await git.read(worktreePath, args, { signal, maxOutputBytes: listBytes })).stdout);
}

/** First all raw records, then all counts; a path in conflict has two raw records. */
export function parseChanges(text: string): FileChange[] {
  const fields = text.split('\0');
  const byPath = new Map<string, FileChange>();
  let at = 0;
  for (; fields[at]?.startsWith(':'); at++) {
    const letter = fields[at]?.split(' ')[4]?.[0];
    const isMove = letter === 'R' || letter === 'C';
    const from = isMove ? fields[++at] : undefined;
    const path = fields[++at] ?? '';
    if (byPath.get(path)?.status === 'conflicted') continue;
    byPath.set(path, { path, status: changeOf(letter), ...(from !== undefined && { from }) });
  }
  for (; at < fields.length; at++) {
    const [, additions, deletions, ownPath] = /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(fields[at] ?? '') ?? [];
    if (additions === undefined || deletions === undefined) continue;
    // After a rename the two paths are fields of their own.
    if (ownPath === '') at += 2;
    const path = ownPath || fields[at] || '';
    const change = byPath.get(path);
    if (change && additions !== '-') byPath.set(path, { ...change, additions: Number(additions), deletions: Number(deletions) });
  }
  return [...byPath.values()];
}
