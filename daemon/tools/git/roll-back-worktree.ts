import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteBranch } from './delete-branch.ts';
import { findAdminEntry, isAbsence, kindOf } from './git-files.ts';
import { forgetWorktree } from './remove-worktree.ts';
import type { Repository } from './repository.ts';
import type { RunGit } from './run-git.ts';
import { status } from './status.ts';
import { endStragglers } from './stragglers.ts';

export interface Addition {
  readonly repo: Repository;
  readonly path: string;
  /** Only a branch that the addition was to create. */
  readonly branch?: string | undefined;
  readonly expectedCommit?: string | undefined;
  /** Git's own folder of it, when we have just made that: it goes without git, which may be what is missing. */
  readonly adminDir?: string | undefined;
}

/** Takes back all of an addition, whatever hooks have put there. Knows no signal: a cancelled addition must clean up too. */
export async function undoAddition(git: RunGit, { repo, path, branch, expectedCommit, adminDir }: Addition): Promise<void> {
  await endStragglers(path);
  await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
    // `force` does not cover a path that goes through a file.
    if (!isAbsence(error)) throw error;
  });
  if (adminDir === undefined) await forgetWorktree(git, repo, path);
  else await rm(adminDir, { recursive: true, force: true });
  if (branch !== undefined && expectedCommit !== undefined) await deleteBranch(git, { repo, branch, expectedCommit });
}

/**
 * Takes back an addition that a dead daemon left behind, when it is certain that nobody has used it. False, and nothing is touched,
 * when the path is no worktree of this repository or git had finished it and something was done in it since.
 */
export async function rollBackWorktree(git: RunGit, addition: Addition): Promise<boolean> {
  const { repo, path } = addition;
  const entry = await findAdminEntry(repo.gitCommonDir, path);
  const isThere = (await kindOf(path)) !== undefined;
  if (isThere && !entry) return false;
  // Git locks a worktree for as long as it makes it.
  const isHalfMade = entry !== undefined && (await kindOf(join(entry.adminDir, 'locked'))) !== undefined;
  if (isThere && !isHalfMade) {
    const now = await status(git, path);
    if (!now.clean || now.head !== (addition.expectedCommit ?? now.head)) return false;
  }
  await undoAddition(git, addition);
  return true;
}
