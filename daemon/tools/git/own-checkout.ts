// A checkout that only the daemon works in: what programs left there is no work of anybody.
import type { Repository } from './repository.ts';
import { bulkMs, type RunGit } from './run-git.ts';

/** The files as HEAD has them. What git ignores stays: caches make the next run fast. */
export async function scrub(git: RunGit, worktreePath: string): Promise<void> {
  await git.write(worktreePath, ['reset', '--quiet', '--hard'], { timeoutMs: bulkMs });
  await git.write(worktreePath, ['clean', '--quiet', '--force', '-d'], { timeoutMs: bulkMs });
}

export interface TakeBack {
  readonly repo: Repository;
  readonly worktreePath: string;
  readonly branch: string;
  readonly from: string;
  readonly to: string;
}

/** Moves the branch back, only if it is where it was left, and the files with it. */
export async function takeBack(git: RunGit, { repo, worktreePath, branch, from, to }: TakeBack): Promise<void> {
  await git.write(repo.mainCheckout, ['update-ref', '-m', 'coppice: take a merge back', `refs/heads/${branch}`, to, from]);
  await scrub(git, worktreePath);
}
