// The hidden reference that holds the work of a worktree which is removed by force.
import type { CopyRule } from '../../schemas/copy-rule.ts';
import type { Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import { listedIgnored } from './listed-ignored.ts';
import { presenceOf } from './presence.ts';
import { withScratch } from './scratch.ts';
import { subjectOf } from './subject.ts';

export interface Saved {
  readonly ref: string;
  readonly files: number;
  readonly branchTip?: string;
}

export interface Saving {
  /** Everything is on the disk, and told, when it resolves. */
  save(project: ProjectRecord, worktree: WorktreeRecord, origin: Origin): Promise<Saved>;
  find(project: ProjectRecord, worktree: WorktreeRecord): Promise<Saved | undefined>;
  /** After a removal that did not come; while the worktree is not certainly there, what was saved stays. */
  dropUnneeded(project: ProjectRecord, worktree: WorktreeRecord): Promise<void>;
}

export interface SavingDeps {
  readonly store: Store;
  readonly git: Git;
  readonly root: () => string;
  readonly copyRules: () => readonly CopyRule[];
}

export function savedRefOf(worktreeId: string): string {
  return `refs/coppice/removed/${worktreeId}`;
}

export function createSaving(deps: SavingDeps): Saving {
  const { store, git } = deps;
  return {
    async save(project, worktree, origin) {
      const ref = savedRefOf(worktree.id);
      const ignored = await listedIgnored(deps, project.path, worktree.path);
      const held = store.read((r) => r.leases.ofWorktree(worktree.id));
      const leases = held.map(({ kind, key, pool, value }) => ({ kind, key, pool, value }));
      const saved = await withScratch(deps.root(), (scratchPath) =>
        git.saveSnapshot({ repo: repositoryOf(project), worktree, ref, ignored, leases, scratchPath }),
      );
      const { files, branchTip } = saved;
      await store.write((w) => {
        const data = { path: worktree.path, branch: worktree.branch, ref, files };
        w.events.append({ type: 'worktree.saved', subject: subjectOf(worktree), actor: origin.actor, data });
      });
      return { ref, files, ...(branchTip === undefined ? {} : { branchTip }) };
    },
    async dropUnneeded(project, worktree) {
      if ((await presenceOf(git, worktree).catch(() => undefined)) === 'checkout')
        await git.deleteUnneededSnapshot(repositoryOf(project), savedRefOf(worktree.id), worktree.path);
    },
    async find(project, worktree) {
      const ref = savedRefOf(worktree.id);
      const found = await git.findSnapshot(repositoryOf(project), ref);
      return found && { ref, files: found.files, ...(found.branchTip === undefined ? {} : { branchTip: found.branchTip }) };
    },
  };
}
