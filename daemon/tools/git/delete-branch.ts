import { join } from 'node:path';
import { isFailure } from '../../../schemas/errors.ts';
import { readText } from './git-files.ts';
import { branchCheckedOutAt, branchCommit } from './refs.ts';
import type { Repository } from './repository.ts';
import type { RunGit } from './run-git.ts';

export interface DeleteBranch {
  readonly repo: Repository;
  readonly branch: string;
  /** Where the caller proved that nothing is lost. */
  readonly expectedCommit: string;
}

/** Deletes a branch that still stands where it was seen. False, and untouched, when it moved, is checked out somewhere or is gone. */
export async function deleteBranch(git: RunGit, { repo, branch, expectedCommit }: DeleteBranch): Promise<boolean> {
  // update-ref would take the branch away under a checkout.
  if ((await branchCheckedOutAt(git, repo, branch)) !== undefined) return false;
  // Unlike `branch -D` this compares and deletes in one step.
  const remove = () => git.write(repo.mainCheckout, ['update-ref', '--no-deref', '-d', `refs/heads/${branch}`, expectedCommit]);
  try {
    await remove();
  } catch (error) {
    if (!isFailure(error)) throw error;
    const isAsSeen = (await branchCommit(git, repo, branch)) === expectedCommit;
    if (error.kind === 'TOOL_FAILED' && !isAsSeen) return false;
    // One that was lost has done it or not.
    if (error.kind !== 'UNAVAILABLE') throw error;
    if (isAsSeen) await remove();
  }
  await removeBranchConfig(git, repo, branch);
  return true;
}

/** The upstream and description of a deleted branch would otherwise pass to the next branch of its name. */
async function removeBranchConfig(git: RunGit, repo: Repository, branch: string): Promise<void> {
  const config = (await readText(join(repo.gitCommonDir, 'config'))) ?? '';
  // Git writes the name in quotes, with a backslash before quotes and backslashes.
  if (!config.includes(`[branch "${branch.replace(/["\\]/g, '\\$&')}"]`)) return;
  // 128: another process removed the section first.
  await git.write(repo.mainCheckout, ['config', '--local', '--remove-section', `branch.${branch}`], { okExitCodes: [0, 128] });
}
