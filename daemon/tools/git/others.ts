import type { Repository } from './repository.ts';
import { listBytes, type RunGit } from './run-git.ts';

/** What lies in a checkout and is not tracked. A folder without any tracked file is one entry when git ignores it or knows nothing in it. */
export interface OtherPath {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly ignored: boolean;
}

// As cheap as a status: a folder that is ignored is not entered, whatever it holds.
const args = [
  'status',
  '--porcelain=v1',
  '-z',
  '--no-renames',
  '--ignore-submodules=all',
  '--untracked-files=normal',
  '--ignored=matching',
];

export async function otherPaths(git: RunGit, repo: Pick<Repository, 'mainCheckout'>): Promise<OtherPath[]> {
  const { stdout } = await git.read(repo.mainCheckout, args, { maxOutputBytes: listBytes });
  return stdout.split('\0').flatMap((record) => {
    const mark = record.slice(0, 3);
    if (mark !== '?? ' && mark !== '!! ') return [];
    const isDirectory = record.endsWith('/');
    return [{ path: record.slice(3, isDirectory ? -1 : undefined), isDirectory, ignored: mark === '!! ' }];
  });
}

/** Is a file tracked that the pattern, written as in .gitignore, means? */
export async function hasTracked(git: RunGit, worktreePath: string, pattern: string): Promise<boolean> {
  const { stdout } = await git.read(worktreePath, ['ls-files', '-z', '--cached', '--ignored', `--exclude=${pattern}`], {
    maxOutputBytes: listBytes,
  });
  return stdout !== '';
}
