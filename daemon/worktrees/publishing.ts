// Work of a worktree becomes a commit, and a pull request.
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import type { OpenPullRequest } from '../tools/git/pull-request.ts';
import { subjectOf } from './subject.ts';

export type PullRequest = Pick<OpenPullRequest, 'title' | 'body' | 'base' | 'draft' | 'remote'>;

export interface Publishing {
  commit(worktree: WorktreeRecord, wanted: { message: string; all: boolean }, origin: Origin): Promise<{ commit: string; files: number }>;
  openPullRequest(worktree: WorktreeRecord, wanted: PullRequest, origin: Origin): Promise<{ url: string }>;
}

export interface PublishingDeps {
  readonly store: Store;
  readonly git: Git;
  readonly queue: KeyedQueue;
}

export function createPublishing({ store, git, queue }: PublishingDeps): Publishing {
  const commit = async (worktree: WorktreeRecord, wanted: { message: string; all: boolean }, origin: Origin) => {
    const made = await git.commitWork({ worktreePath: worktree.path, ...wanted });
    return store.write((w) => {
      const data = { branch: made.branch ?? worktree.branch, commit: made.commit };
      w.events.append({ type: 'worktree.committed', subject: subjectOf(worktree), actor: origin.actor, data });
      return settle(w, origin.receipt, { commit: made.commit, files: made.files });
    });
  };
  return {
    commit: (worktree, wanted, origin) => queue.run(`commit ${worktree.id}`, () => commit(worktree, wanted, origin)),
    async openPullRequest(worktree, wanted, origin) {
      const project = store.read((r) => r.projects.get(worktree.projectId));
      if (!project) throw new Error(`worktree "${worktree.id}" has no project row`);
      const { path: worktreePath, branch } = worktree;
      const url = await git.openPullRequest({ repo: repositoryOf(project), worktreePath, branch, ...wanted });
      return store.write((w) => settle(w, origin.receipt, { url }));
    },
  };
}
