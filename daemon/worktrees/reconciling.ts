// Rows and the disk are compared when a daemon starts: half-made worktrees are rolled back, vanished ones marked, and what the former
// daemon began and did not end is ended.
import { dirname } from 'node:path';
import type { Log } from '../kernel/log.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import { markMissing } from './missing.ts';
import { presenceOf } from './presence.ts';
import type { Removal } from './removal.ts';
import { savedRefOf } from './saving.ts';
import { mergesIn, sweepScratch } from './scratch.ts';

export interface ReconcilingDeps {
  readonly store: Store;
  readonly git: Git;
  readonly log: Log;
  readonly root: () => string;
}

/** Of how many worktrees, removed ones included, the places are searched for what a removal left. */
const remembered = 1_000;

export function createReconciling(
  { store, git, log, root }: ReconcilingDeps,
  removal: Pick<Removal, 'endInterrupted' | 'sweep'>,
): () => Promise<void> {
  const projectOf = (worktree: WorktreeRecord): ProjectRecord | undefined => store.read((r) => r.projects.get(worktree.projectId));

  const rollBack = async (worktree: WorktreeRecord): Promise<void> => {
    const project = projectOf(worktree);
    // Also when nothing is there yet: the git of the dead daemon may still be at it, and makes the branch first.
    const isGone = !project || (await git.rollBackWorktree({ repo: repositoryOf(project), path: worktree.path, ...ownBranch(worktree) }));
    // Git had finished it, and somebody may have used it since: it is a worktree like any other.
    await store.write((w) => (isGone ? w.worktrees.remove(worktree.id) : w.worktrees.setStatus(worktree.id, 'present')));
  };
  const compare = async (worktree: WorktreeRecord): Promise<void> => {
    const presence = await presenceOf(git, worktree);
    const present = presence === 'checkout';
    const project = projectOf(worktree);
    if (present && project) await tidy(project, worktree);
    else if (presence === 'gone' && project && (await removal.endInterrupted(project, worktree))) return;
    const status = present ? 'present' : 'missing';
    if (status === worktree.status) return;
    await store.write((w) => {
      if (present) w.worktrees.setStatus(worktree.id, status);
      else markMissing(w, worktree);
    });
  };
  /** What was saved for a removal that did not come, or is restored, is no longer needed: the worktree itself is there. */
  const tidy = async (project: ProjectRecord, worktree: WorktreeRecord): Promise<void> => {
    await git.deleteUnneededSnapshot(repositoryOf(project), savedRefOf(worktree.id), worktree.path);
    await git.unlockRestored(repositoryOf(project), worktree.path);
  };
  /** What is left of one may be files, or git's books on it, or both. */
  const sweepMerges = async (): Promise<void> => {
    for (const project of store.read((r) => r.projects.list('', Number.MAX_SAFE_INTEGER))) {
      const repo = repositoryOf(project);
      try {
        for (const path of await git.worktreesIn(repo, mergesIn(root()))) await git.undoAddition({ repo, path });
      } catch (error) {
        log.warn({ err: error }, `what merges have left in the books of "${project.path}" stays; the next start of the daemon tries again`);
      }
    }
    await sweepScratch(root());
  };
  return async () => {
    await sweepMerges().catch((error: unknown) => log.warn({ err: error }, `left-over files of merges in "${root()}" stay`));
    const { rows, newest } = store.read((r) => ({ rows: r.worktrees.allLive(), newest: r.worktrees.newestPaths(remembered) }));
    // Also where no worktree is any more: the last one may have been on its way out when the daemon died.
    await removal.sweep([...rows.map(({ path }) => path), ...newest].map((path) => dirname(path)));
    for (const worktree of rows) {
      try {
        if (worktree.status === 'creating') await rollBack(worktree);
        else await compare(worktree);
      } catch (error) {
        // One repository that cannot be looked at must not keep the daemon from starting; its row stays as it was.
        log.error({ err: error, worktreeId: worktree.id }, `the worktree "${worktree.path}" could not be reconciled`);
      }
    }
  };
}

/** Rolling back deletes a branch only when it was made with the worktree and still is where it began. */
export function ownBranch(worktree: WorktreeRecord): { branch?: string; expectedCommit?: string } {
  return worktree.branchCreated ? { branch: worktree.branch, expectedCommit: worktree.baseCommit } : {};
}
