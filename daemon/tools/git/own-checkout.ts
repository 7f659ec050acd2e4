// A checkout that only the daemon works in: what programs left there is no work of anybody.
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { isFailure } from '../../../schemas/errors.ts';
import { moveBranch } from './merge.ts';
import type { Repository } from './repository.ts';
import { bulkMs, type RunGit } from './run-git.ts';
import { endStragglers, markOf } from './stragglers.ts';
import { own } from './unattended.ts';

export interface OwnCheckout {
  readonly worktreePath: string;
  /** The one it is there for. */
  readonly branch: string;
}

/**
 * On its branch, with the files as the branch has them, whatever a dead daemon or a program left. What git ignores stays: caches make the
 * next run fast.
 */
export async function scrub(git: RunGit, { worktreePath, branch }: OwnCheckout): Promise<void> {
  const env = { ...own, ...markOf(worktreePath) };
  // The git of a daemon that was killed lives on.
  await endStragglers(worktreePath);
  await git.write(worktreePath, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`], {}, env);
  const reset = () => git.write(worktreePath, ['reset', '--quiet', '--hard'], { timeoutMs: bulkMs }, env);
  await reset().catch(async (error: unknown) => {
    const lock = isFailure(error) ? error.details?.lockPath : undefined;
    if (typeof lock !== 'string' || basename(lock) !== 'index.lock') throw error;
    // Its git is dead: nobody else writes this index.
    await rm(lock, { force: true });
    await reset();
  });
  // Twice: also repositories that a program made in it.
  await git.write(worktreePath, ['clean', '--quiet', '--force', '--force', '-d'], { timeoutMs: bulkMs }, env);
}

export interface TakeBack extends OwnCheckout {
  readonly repo: Repository;
  readonly from: string;
  readonly to: string;
}

/** Moves the branch back, only if it is where it was left, and the files with it. Throws CONFLICT when it is not. */
export async function takeBack(git: RunGit, { repo, from, to, ...checkout }: TakeBack): Promise<void> {
  const move = { repo, branch: checkout.branch, from, to, reason: 'coppice: take a merge back' };
  await moveBranch(git, move, own);
  await scrub(git, checkout);
}
