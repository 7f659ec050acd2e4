// Worktrees that were removed by force: listed, brought back, and forgotten after a while.
import { stat } from 'node:fs/promises';
import type { ResultOf } from '../../schemas/contract.ts';
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import type { Origin } from '../kernel/origin.ts';
import type { LeaseService } from '../leases/service.ts';
import { repositoryOf } from '../projects/repository.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { RemovedWorktreeRecord } from '../store/tables/removed-worktrees.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import { subjectOf } from './subject.ts';
import { worktreeTaken } from './taken.ts';
import { worktreeView } from './view.ts';

export interface Restoring {
  restore(id: string, origin: Origin): Promise<ResultOf<'worktree.restore'>>;
  /** Deletes what was saved too long ago; answers how many. What cannot be deleted is tried again the next time. */
  forgetOld(dryRun?: boolean): Promise<number>;
}

export interface RestoringDeps {
  readonly store: Store;
  readonly git: Pick<Git, 'restoreSnapshot' | 'deleteSnapshot' | 'unlockRestored'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: KeyedQueue;
  readonly leases: Pick<LeaseService, 'regain'>;
}

const forgottenAtOnce = 200;

export function createRestoring({ store, git, clock, log, queue, leases }: RestoringDeps): Restoring {
  const projectOf = ({ projectId }: { projectId: string }): ProjectRecord => {
    const project = store.read((r) => r.projects.get(projectId));
    if (!project) throw new Error(`there is no project row "${projectId}"`);
    return project;
  };
  const restore = async (id: string, origin: Origin): Promise<ResultOf<'worktree.restore'>> => {
    // Looked at again: another call may have been faster.
    const { removed, worktree } = store.read((r) => ({ removed: r.removedWorktrees.get(id), worktree: r.worktrees.get(id) }));
    if (!removed || !worktree) throw notRemoved(id);
    const existing = store.read(
      (r) => r.worktrees.byPath(worktree.path) ?? r.worktrees.byProjectAndBranch(worktree.projectId, worktree.branch),
    );
    if (existing) throw worktreeTaken(existing);
    const repo = repositoryOf(projectOf(worktree));
    const manifest = await git.restoreSnapshot({ repo, ref: removed.ref });
    const regain = await leases.regain(manifest.leases);
    const { removedAt: _, ...rest } = worktree;
    const back: WorktreeRecord = { ...rest, status: 'present' };
    const restored = await store.write((w) => {
      w.worktrees.markRestored(id);
      w.removedWorktrees.remove(id);
      const data = { path: back.path, branch: back.branch };
      w.events.append({ type: 'worktree.restored', subject: subjectOf(back), actor: origin.actor, data });
      return settle(w, origin.receipt, { ...worktreeView(back), ...regain(w, id, origin) });
    });
    await git.deleteSnapshot(repo, removed.ref);
    await git.unlockRestored(repo, back.path);
    return restored;
  };
  const forget = async (removed: RemovedWorktreeRecord): Promise<boolean> => {
    const project = projectOf(removed);
    try {
      // A repository that is gone has taken its references along.
      if (await isThere(project.gitDir)) await git.deleteSnapshot(repositoryOf(project), removed.ref);
      await store.write((w) => w.removedWorktrees.remove(removed.id));
      return true;
    } catch (error) {
      if (!isFailure(error)) throw error;
      log.warn({ err: error, ref: removed.ref }, 'what a removed worktree left could not be deleted; it is tried again');
      return false;
    }
  };
  return {
    async restore(id, origin) {
      const removed = store.read((r) => r.removedWorktrees.get(id));
      if (!removed) throw notRemoved(id);
      return queue.run(projectOf(removed).gitDir, () => restore(id, origin));
    },
    async forgetOld(dryRun = false) {
      const old = store.read((r) => r.removedWorktrees.olderThan(clock.now() - limits.removedWorktreesKeptMs, forgottenAtOnce));
      if (dryRun) return old.length;
      let count = 0;
      for (const removed of old) {
        // It may have been restored while this waited for its turn.
        const isOld = () => store.read((r) => r.removedWorktrees.get(removed.id)?.removedAt) === removed.removedAt;
        const gitDir = projectOf(removed).gitDir;
        if (await queue.run(gitDir, async () => isOld() && forget(removed))) count += 1;
      }
      return count;
    },
  };
}

function notRemoved(id: string): Failure {
  return new Failure('NOT_FOUND', `There is no removed worktree "${id}"; "coppice worktree list --removed" shows them.`, {
    details: { entity: 'worktree', id },
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
