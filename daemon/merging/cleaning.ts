// What a spec task had checked out goes away under the proof of any removal; what holds work of its own stays, and is told.
import { isFailure } from '../../schemas/errors.ts';
import type { Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import type { WorktreeService } from '../worktrees/service.ts';

export interface CleaningDeps {
  readonly store: Store;
  readonly git: Pick<Git, 'status' | 'branchExists'>;
  readonly worktrees: Pick<WorktreeService, 'remove' | 'hasAllOf'>;
}

export interface Kept {
  readonly path: string;
  /** One sentence. */
  readonly reason: string;
}

/** The branch whose having it makes a worktree superfluous. */
interface Leftover {
  readonly worktree: WorktreeRecord;
  readonly mergedInto: string;
}

/** Answers what stays. */
export async function clean(deps: CleaningDeps, task: SpecTaskRecord, origin: Pick<Origin, 'actor'>): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const { worktree, mergedInto } of leftoversOf(deps.store, task)) {
    try {
      const force = await isCopied(deps, worktree, mergedInto);
      await deps.worktrees.remove(worktree, { force, mergedInto }, { actor: origin.actor });
    } catch (error) {
      if (!isFailure(error)) throw error;
      kept.push({ path: worktree.path, reason: error.message });
    }
  }
  return kept;
}

/** The integration branch is last: it is what the others were merged into. */
function leftoversOf(store: Store, task: SpecTaskRecord): Leftover[] {
  return store.read((r) => {
    const own = r.workSessions.ofSpecTask(task.id).map(({ worktreeId }) => worktreeId && r.worktrees.get(worktreeId));
    const planning = r.worktrees.byProjectAndBranch(task.projectId, `${task.branchPrefix}/planning`);
    const integration = r.worktrees.byProjectAndBranch(task.projectId, task.integrationBranch);
    const into = (mergedInto: string) => (worktree: WorktreeRecord | '' | undefined) =>
      worktree && worktree.status !== 'removed' ? [{ worktree, mergedInto }] : [];
    return [...[...own, planning].flatMap(into(task.integrationBranch)), ...[integration].flatMap(into(task.baseBranch))];
  });
}

/**
 * Rebased and squashed work is there as other commits, which the proof does not take for merged. It goes as if by force, so that its own
 * commits are kept under a reference first.
 */
async function isCopied(
  { store, git, worktrees }: CleaningDeps,
  { path, projectId, branch, status }: WorktreeRecord,
  into: string,
): Promise<boolean> {
  const project = store.read((r) => r.projects.get(projectId)) as ProjectRecord;
  const branches = [branch, into].map((name) => git.branchExists(repositoryOf(project), name));
  if (status !== 'present' || (await Promise.all(branches)).includes(false)) return false;
  return (await git.status(path)).clean && worktrees.hasAllOf(project, branch, into);
}
