import { lstat, rename, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../../schemas/errors.ts';
import { findAdminEntry, gitDirsOf, isAbsence, readText } from './git-files.ts';
import type { Repository } from './repository.ts';
import { bulkMs, type RunGit } from './run-git.ts';
import { makeTrash, type Trash } from './trash.ts';

export interface RemovedWorktree {
  /** Its files wait for this, which settles when they are gone from the disk; a start of the daemon does the same for those it finds. */
  deleteFiles(): Promise<void>;
}

/**
 * Takes a worktree away at once, whatever is in it: the proof that nothing is lost is the caller's, as is running one change of a
 * repository's worktrees at a time. The directory is renamed aside on its own file system, git forgets it, and the files are deleted
 * afterwards.
 */
export async function removeWorktree(
  git: RunGit,
  { empty }: Pick<Trash, 'empty'>,
  { repo, path }: { repo: Repository; path: string },
): Promise<RemovedWorktree> {
  const entry = await findAdminEntry(repo.gitCommonDir, path);
  if (!entry) {
    throw new Failure('NOT_FOUND', `"${path}" is not a worktree of "${repo.mainCheckout}".`, { details: { entity: 'worktree', id: path } });
  }
  const lock = await readText(lockFile(entry.adminDir));
  if (lock !== undefined) {
    throw new Failure(
      'PRECONDITION',
      `The worktree "${path}" is locked${lock.trim() && ` (${lock.trim()})`}; run 'git worktree unlock' on it.`,
      {
        details: { reason: 'locked', path },
      },
    );
  }
  const moved = await moveAside(entry.worktreePath);
  try {
    // Only this one, where `worktree prune` would also forget every other whose disk is not mounted at the moment.
    if (!moved || !(await moveEntry(entry.adminDir, moved.trash))) {
      await git.write(repo.mainCheckout, ['worktree', 'remove', '--force', entry.worktreePath], { timeoutMs: bulkMs });
    }
  } catch (error) {
    if (moved) await rename(moved.aside, entry.worktreePath).then(() => rmdir(moved.trash));
    throw error;
  }
  return { deleteFiles: async () => moved && empty(moved.trash) };
}

/**
 * What git keeps of a worktree are plain files, which go with it in one step and without a fork. False, and nothing done, where they are
 * on another file system.
 */
async function moveEntry(adminDir: string, trash: string): Promise<boolean> {
  try {
    await rename(adminDir, join(trash, '.git-entry'));
  } catch {
    return false;
  }
  // As git does it with the last one; with others in it, it stays.
  await rmdir(dirname(adminDir)).catch(() => {});
  return true;
}

export async function lockOf(worktreePath: string): Promise<string | undefined> {
  const dirs = await gitDirsOf(worktreePath);
  return dirs && readText(lockFile(dirs.gitDir));
}

function lockFile(adminDir: string): string {
  return join(adminDir, 'locked');
}

/** Undefined when there is nothing to move, or it cannot be moved (a mount point) and git has to delete it in place. */
async function moveAside(path: string): Promise<{ trash: string; aside: string } | undefined> {
  const isThere = await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isAbsence(error)) return false;
      throw error;
    },
  );
  if (!isThere) return undefined;
  const trash = await makeTrash(dirname(path));
  const aside = join(trash, basename(path));
  try {
    await rename(path, aside);
    return { trash, aside };
  } catch {
    await rmdir(trash);
    return undefined;
  }
}

/** Takes a worktree whose directory is gone, or was never finished, out of git's books. */
export async function forgetWorktree(git: RunGit, repo: Repository, path: string): Promise<void> {
  const entry = await findAdminEntry(repo.gitCommonDir, path);
  if (!entry) return;
  // Twice: an addition that was killed leaves its entry locked.
  await git.write(repo.mainCheckout, ['worktree', 'remove', '--force', '--force', entry.worktreePath]);
}
