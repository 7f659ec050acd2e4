// The branch of a worktree goes into another: computed aside, then one step. A checkout of the user's is never touched.
import { nearest } from '../../rpc/nearest.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Origin } from '../kernel/origin.ts';
import { shellWord } from '../kernel/shell-word.ts';
import { repositoryOf } from '../projects/repository.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import { afterAllIds } from '../store/tables/rows.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import type { MergeMode } from '../tools/git/merge.ts';
import { mergePath } from './scratch.ts';
import { subjectOf } from './subject.ts';

export interface MergeWanted {
  readonly into?: string | undefined;
  readonly mode: MergeMode;
  readonly message?: string | undefined;
  /** Nobody asked for this very merge: no signature, and no need of an identity. */
  readonly unattended?: boolean;
}

export interface Merged {
  readonly into: string;
  readonly before: string;
  readonly commit: string;
  readonly upToDate: boolean;
}

export interface Merging {
  merge(worktree: WorktreeRecord, wanted: MergeWanted, origin: Origin): Promise<Merged>;
}

export interface MergingDeps {
  readonly store: Store;
  readonly git: Git;
  readonly ids: Ids;
  readonly queue: KeyedQueue;
  readonly root: () => string;
}

interface Plan {
  readonly project: ProjectRecord;
  readonly worktree: WorktreeRecord;
  readonly into: string;
  readonly mode: MergeMode;
  readonly tip: string;
  readonly before: string;
  readonly unattended?: boolean | undefined;
}

export function createMerging({ store, git, ids, queue, root }: MergingDeps): Merging {
  /** The checkout of ours that has the target branch; undefined when none has it. Throws for one that we must not move. */
  const checkoutToMove = async ({ project, into, mode, worktree }: Plan): Promise<string | undefined> => {
    const path = await git.branchCheckedOutAt(repositoryOf(project), into);
    if (path === undefined) return undefined;
    if (store.read((r) => r.worktrees.byPath(path)) === undefined) {
      const command = commandFor(path, into, worktree, mode);
      throw new Failure('PRECONDITION', `"${into}" is checked out at "${path}", which is yours to move; run: ${command}`, {
        details: { reason: 'base_checked_out', path, command },
      });
    }
    if ((await git.status(path)).clean) return path;
    throw new Failure('PRECONDITION', `"${into}" is checked out at "${path}" with changes that are not committed; commit them first.`, {
      details: { reason: 'base_dirty', path },
    });
  };
  const plan = async (worktree: WorktreeRecord, { into, mode, unattended }: MergeWanted): Promise<Plan> => {
    const project = store.read((r) => r.projects.get(worktree.projectId));
    if (!project) throw new Error(`worktree "${worktree.id}" has no project row`);
    const repo = repositoryOf(project);
    const target = into ?? (await git.defaultBranch(repo)) ?? '';
    if (target === worktree.branch) {
      throw new Failure('PRECONDITION', `"${target}" cannot be merged into itself; name another branch.`, {
        details: { reason: 'same_branch' },
      });
    }
    if (!(await git.branchExists(repo, target))) throw noBranch(store, project, target);
    const [tip, before] = await Promise.all([worktree.branch, target].map((name) => git.resolveCommit(repo, `refs/heads/${name}`)));
    return { project, worktree, into: target, mode, tip: tip as string, before: before as string, unattended };
  };
  const merge = async (worktree: WorktreeRecord, wanted: MergeWanted, origin: Origin): Promise<Merged> => {
    const planned = await plan(worktree, wanted);
    const { project, into, mode, tip, before } = planned;
    const repo = repositoryOf(project);
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => queue.run(project.gitDir, work);
    // Copies of the work may be there already, by the user's own squash or rebase: only the merge tells.
    const mayBeCopied = mode === 'squash' || mode === 'rebase';
    if (!mayBeCopied && (await git.mergeBase(repo, tip, before)) !== tip) await checkoutToMove(planned);
    const path = mergePath(root(), ids.next('wt'));
    const branch = worktree.branch;
    const { message, unattended } = wanted;
    const commit = await git.computeMerge({ repo, path, branch, tip, into, before, mode, message, unattended, inTurn });
    const result = { into, before, commit, upToDate: commit === before };
    if (!result.upToDate) await inTurn(() => move(planned, commit));
    return store.write((w) => {
      if (!result.upToDate) {
        const data = { branch, into, before, commit, mode };
        w.events.append({ type: 'worktree.merged', subject: subjectOf(worktree), actor: origin.actor, data });
      }
      return settle(w, origin.receipt, result);
    });
  };
  const move = async (planned: Plan, commit: string): Promise<void> => {
    const { project, into, before, worktree } = planned;
    const repo = repositoryOf(project);
    // Once more: somebody may have checked it out meanwhile.
    const checkout = await checkoutToMove(planned);
    if (checkout === undefined) {
      const reason = `coppice: merge ${worktree.branch}`;
      return git.moveBranch({ repo, branch: into, from: before, to: commit, reason });
    }
    const actual = await git.resolveCommit(repo, `refs/heads/${into}`);
    if (actual === before) return git.fastForwardCheckout({ worktreePath: checkout, to: commit, unattended: planned.unattended });
    throw new Failure('CONFLICT', `The branch "${into}" moved meanwhile; look at it, then merge again.`, {
      details: { branch: into, expected: before, actual },
    });
  };
  return {
    merge: (worktree, wanted, origin) => queue.run(`merge ${worktree.projectId}`, () => merge(worktree, wanted, origin)),
  };
}

/** What the user would type to do the same in their own checkout. */
function commandFor(path: string, into: string, { branch, path: worktreePath }: WorktreeRecord, mode: MergeMode): string {
  const git = `git -C ${shellWord(path)}`;
  const name = shellWord(branch);
  const commands: Readonly<Record<MergeMode, string>> = {
    ff: `${git} merge --ff-only ${name}`,
    'no-ff': `${git} merge --no-ff ${name}`,
    squash: `${git} merge --squash ${name} && ${git} commit`,
    rebase: `git -C ${shellWord(worktreePath)} rebase ${shellWord(into)} && ${git} merge --ff-only ${name}`,
  };
  return commands[mode];
}

function noBranch(store: Store, project: ProjectRecord, branch: string): Failure {
  const known = store.read((r) => r.worktrees.list({ projectId: project.id }, afterAllIds, 200)).map((worktree) => worktree.branch);
  return new Failure('NOT_FOUND', `"${project.name}" has no local branch "${branch}" to merge into; name one by "into".`, {
    details: { entity: 'branch', id: branch, suggestions: nearest(branch, known) },
  });
}
