import { realpath } from 'node:fs/promises';
import { Failure } from '../../schemas/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import { subjectOf } from './subject.ts';
import { worktreeTaken } from './taken.ts';
import { worktreeView } from './view.ts';

export interface Adopting {
  /** Takes over a linked worktree of a registered project. Nothing in it is touched, and its branch stays the user's. */
  adopt(path: string, origin: Origin): Promise<WorktreeRecord>;
}

export interface AdoptingDeps {
  readonly store: Store;
  readonly git: Git;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: KeyedQueue;
}

export function createAdopting({ store, git, clock, ids, queue }: AdoptingDeps): Adopting {
  const adopt = async (path: string, project: ProjectRecord, origin: Origin): Promise<WorktreeRecord> => {
    const { branch, commit } = await git.head(path);
    if (branch === undefined || commit === undefined) {
      const why = branch === undefined ? 'has no branch checked out; switch it to one' : 'is on a branch without a commit; make one';
      throw new Failure('PRECONDITION', `"${path}" ${why} first.`, {
        details: { reason: branch === undefined ? 'detached' : 'no_commit', path },
      });
    }
    const base = (await git.defaultBranch(repositoryOf(project))) ?? branch;
    const shared = await git.mergeBase(repositoryOf(project), base, commit);
    return store.write((w) => {
      const existing = w.worktrees.byPath(path) ?? w.worktrees.byProjectAndBranch(project.id, branch);
      if (existing) throw worktreeTaken(existing);
      const record: WorktreeRecord = {
        id: ids.next('wt'),
        projectId: project.id,
        path,
        branch,
        base,
        baseCommit: shared ?? commit,
        branchCreated: false,
        status: 'present',
        createdAt: clock.now(),
      };
      w.worktrees.insert(record);
      const data = { path, branch };
      w.events.append({ type: 'worktree.adopted', subject: subjectOf(record), actor: origin.actor, data });
      settle(w, origin.receipt, worktreeView(record));
      return record;
    });
  };
  return {
    async adopt(path, origin) {
      const found = await git.findRepository(path);
      if (!found) throw new Failure('NOT_FOUND', `"${path}" is not a git checkout.`, { details: { entity: 'worktree', id: path } });
      if (!found.isWorktree) {
        throw new Failure(
          'PRECONDITION',
          `"${path}" lies in the main checkout of its repository, which stays yours; name a linked worktree.`,
          {
            details: { reason: 'main_checkout', path },
          },
        );
      }
      if (found.worktreePath !== (await realpath(path))) {
        throw new Failure('PRECONDITION', `"${path}" is not the top of a worktree; name "${found.worktreePath}".`, {
          details: { reason: 'not_top', path: found.worktreePath },
        });
      }
      const project = store.read((r) => r.projects.byGitDir(found.gitCommonDir));
      if (!project) {
        throw new Failure(
          'NOT_FOUND',
          `The repository of "${path}" is no project; "coppice project add ${found.mainCheckout}" makes it one.`,
          {
            details: { entity: 'project', id: found.mainCheckout },
          },
        );
      }
      return queue.run(project.gitDir, () => adopt(found.worktreePath, project, origin));
    },
  };
}
