// The reference that keeps a snapshot alive.
import { readRef } from './git-files.ts';
import { quietEnv } from './objects.ts';
import type { Repository } from './repository.ts';
import { isLockedByRestore } from './restore-snapshot.ts';
import type { RunGit } from './run-git.ts';
import { countFiles, placeOf, readSnapshot } from './snapshot-manifest.ts';

export interface SnapshotSummary {
  readonly commit: string;
  readonly files: number;
  readonly branchTip?: string;
}

/** Undefined when there is none: mostly answered without a process. */
export async function findSnapshot(git: RunGit, repo: Repository, ref: string): Promise<SnapshotSummary | undefined> {
  if ((await readRef(repo.gitCommonDir, ref)) === 'absent') return undefined;
  const found = await readSnapshot(git, repo, ref);
  if (!found) return undefined;
  const { branchTip } = found.manifest;
  return { commit: found.commit, files: countFiles(found.manifest), ...(branchTip === undefined ? {} : { branchTip }) };
}

/** As good as done when it is gone already. */
export async function deleteSnapshot(git: RunGit, repo: Repository, ref: string): Promise<void> {
  if ((await readRef(repo.gitCommonDir, ref)) === 'absent') return;
  await git.write(repo.mainCheckout, ['update-ref', '-d', ref], {}, quietEnv);
}

/**
 * For a worktree that is there: the snapshot of it that nobody needs, because the removal did not come or the restore has ended. One of
 * another directory that only stood at the same path stays.
 */
export async function deleteUnneededSnapshot(git: RunGit, repo: Repository, ref: string, worktreePath: string): Promise<boolean> {
  if ((await readRef(repo.gitCommonDir, ref)) === 'absent') return false;
  const found = await readSnapshot(git, repo, ref);
  if (!found) return false;
  const isSame = (await placeOf(worktreePath)) === found.manifest.place;
  if (!isSame && !(await isLockedByRestore(repo, worktreePath))) return false;
  await deleteSnapshot(git, repo, ref);
  return true;
}
