// Worktrees of the daemon: made with the intent on record first, removed only after proof that nothing is lost. The main checkout is
// never touched.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { createSharedLook } from '../kernel/shared-look.ts';
import type { LeaseService } from '../leases/service.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Reader } from '../store/parts.ts';
import { settle } from '../store/receipts.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Turns } from '../tools/git/add-worktree.ts';
import type { Git } from '../tools/git/git.ts';
import { type Adopting, createAdopting } from './adopting.ts';
import { type Conflicts, createConflicts } from './conflicts.ts';
import { projectFolder } from './folder.ts';
import { beginFurnishing, type FurnishDeps, type Furnishing, type FurnishWishes } from './furnish.ts';
import { createMerging, type Merging } from './merging.ts';
import { markMissing } from './missing.ts';
import { namedPlace, overlap } from './named-place.ts';
import { presenceOf } from './presence.ts';
import { createPublishing, type Publishing } from './publishing.ts';
import { createReconciling, ownBranch } from './reconciling.ts';
import { createRemoval, type Removal, type RemovalDeps } from './removal.ts';
import { createRestoring, type Restoring } from './restoring.ts';
import { isMergePath } from './scratch.ts';
import { slugOf } from './slug.ts';
import type { Spares } from './spares.ts';
import { subjectOf } from './subject.ts';
import { branchTaken, placeTaken, worktreeTaken } from './taken.ts';
import { worktreeView } from './view.ts';

export interface CreateWorktree extends FurnishWishes {
  readonly project: ProjectRecord;
  readonly branch: string;
  /** Any commit-ish; default: the repository's default branch. */
  readonly base?: string | undefined;
  /** A branch that exists is checked out as it is instead of refused. */
  readonly allowExistingBranch: boolean;
  /** Where it is made; default: where the configuration in force says. */
  readonly root?: string | undefined;
  /** Where it goes (`placeOf`); default: a slug of its branch, beside the others of its project. */
  readonly path?: string | undefined;
  readonly sessionId?: string;
}

export interface WorktreeService extends Removal, Restoring, Adopting, Merging, Conflicts, Publishing {
  /** The path that a command's own words for it mean; PRECONDITION when nothing may be made there. */
  placeOf(project: ProjectRecord, named: string, root?: string): string;
  create(spec: CreateWorktree, origin: Origin): Promise<WorktreeRecord>;
  /** Does it hold anything beyond what it began with? */
  isTouched(worktree: WorktreeRecord): Promise<boolean>;
  /** True, and written down, when nothing is at its path any more. */
  noteMissing(worktree: WorktreeRecord): Promise<boolean>;
  retain(worktree: WorktreeRecord, reason: string, origin: Origin): Promise<void>;
  /** Compares rows with the disk at start: half-made ones are rolled back, vanished ones marked. */
  reconcile(): Promise<void>;
  /** A worktree that a merge has for as long as it runs, or one that waits for a session. */
  isTemporary(path: string): boolean;
}

interface Making {
  readonly spec: CreateWorktree;
  readonly record: WorktreeRecord;
  readonly furnishing: Furnishing;
  readonly turns: Turns;
  readonly origin: Origin;
}

export interface WorktreeDeps extends RemovalDeps, Omit<FurnishDeps, 'others'> {
  readonly ids: Ids;
  readonly leases: Pick<LeaseService, 'regain'>;
  readonly spares: Pick<Spares, 'take' | 'has'>;
}

export function createWorktreeService(deps: WorktreeDeps): WorktreeService {
  const { store, git, clock, ids, queue } = deps;
  const removal = createRemoval(deps);
  const reconcile = createReconciling(deps, removal);
  const others = createSharedLook((checkout) => git.otherPaths({ mainCheckout: checkout }));

  const folderOf = (project: ProjectRecord, root = deps.root()): string => projectFolder(root, project);
  const refuseTaken = (r: Reader, { project, branch }: CreateWorktree): void => {
    const taken = r.worktrees.byProjectAndBranch(project.id, branch);
    if (taken) throw worktreeTaken(taken);
  };
  /** The row of it, once it is certain what it will be. */
  const plan = async (spec: CreateWorktree): Promise<WorktreeRecord> => {
    const { project, branch } = spec;
    const repo = repositoryOf(project);
    await git.checkBranchName(branch);
    store.read((r) => refuseTaken(r, spec));
    const exists = await git.branchExists(repo, branch);
    if (exists && (!spec.allowExistingBranch || spec.base !== undefined)) throw branchTaken(project, branch);
    const base = exists ? branch : (spec.base ?? (await defaultBase(git, project)));
    const baseCommit = await git.resolveCommit(repo, base);
    return intend({ ...spec, base, baseCommit, branchCreated: !exists });
  };
  const create = async (spec: CreateWorktree, origin: Origin): Promise<WorktreeRecord> => {
    const { gitDir } = spec.project;
    const turns: Turns = { alone: (work) => queue.run(gitDir, work), shared: (work) => queue.share(gitDir, work) };
    const furnishing = beginFurnishing({ ...deps, others }, spec.project, spec);
    const record = await turns.shared(() => plan(spec));
    return queue.run(record.id, () => make({ spec, record, furnishing, turns, origin }));
  };
  const make = async ({ spec, record, furnishing, turns, origin }: Making): Promise<WorktreeRecord> => {
    const { project } = spec;
    const { path, branch, baseCommit, branchCreated } = record;
    const repo = repositoryOf(project);
    try {
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      const wanted = { repo, path, branch, base: baseCommit, createBranch: branchCreated };
      const isSpare = branchCreated && (await turns.shared(() => deps.spares.take(project, wanted)));
      if (!isSpare) await git.addWorktree(wanted, turns);
      await furnishing.finish(record).catch(async (error: unknown) => {
        await turns.alone(() => git.undoAddition({ repo, path, ...ownBranch(record) }));
        throw error;
      });
    } catch (error) {
      await store.write((w) => w.worktrees.remove(record.id));
      throw error;
    }
    const made: WorktreeRecord = { ...record, status: 'present' };
    return store.write((w) => {
      w.worktrees.setStatus(made.id, made.status);
      // In one piece with the worktree, so that a session never has one that it does not know of.
      if (spec.sessionId !== undefined) w.sessions.change(spec.sessionId, { worktreeId: made.id, branch });
      const data = { path, branch, baseCommit };
      w.events.append({ type: 'worktree.created', subject: subjectOf(made), actor: origin.actor, data });
      settle(w, origin.receipt, worktreeView(made));
      return made;
    });
  };
  const intend = (spec: CreateWorktree & { base: string; baseCommit: string; branchCreated: boolean }): Promise<WorktreeRecord> =>
    store.write((w) => {
      const { project, branch, base, baseCommit, branchCreated, sessionId } = spec;
      // Another may have been planned at the same time.
      refuseTaken(w, spec);
      const folder = folderOf(project, spec.root);
      const slug = slugOf(branch, (taken) => w.worktrees.byPath(join(folder, taken)) !== undefined);
      const path = spec.path ?? join(folder, slug);
      const near = w.worktrees.allLive().find((other) => overlap(path, other.path));
      if (near) throw placeTaken(path, near);
      const record: WorktreeRecord = {
        id: ids.next('wt'),
        projectId: project.id,
        path,
        branch,
        base,
        baseCommit,
        branchCreated,
        status: 'creating',
        createdAt: clock.now(),
        ...(sessionId === undefined ? {} : { sessionId }),
      };
      w.worktrees.insert(record);
      return record;
    });
  return {
    create,
    ...removal,
    ...createRestoring(deps),
    ...createAdopting(deps),
    ...createMerging(deps),
    ...createConflicts(deps),
    ...createPublishing(deps),
    placeOf: (project, named, root) => namedPlace({ folder: folderOf(project, root), mainCheckout: project.path, named }),
    isTemporary: (path) => isMergePath(deps.root(), path) || deps.spares.has(path),
    async isTouched(worktree) {
      const status = await git.status(worktree.path);
      return !status.clean || status.head !== worktree.baseCommit;
    },
    async noteMissing(worktree) {
      if ((await presenceOf(git, worktree)) !== 'gone') return false;
      await store.write((w) => w.worktrees.get(worktree.id)?.status === 'present' && markMissing(w, worktree));
      return true;
    },
    retain: (worktree, reason, origin) =>
      store.write((w) => {
        w.worktrees.setRetained(worktree.id, reason);
        const data = { path: worktree.path, branch: worktree.branch, reason };
        w.events.append({ type: 'worktree.retained', subject: subjectOf(worktree), actor: origin.actor, data });
      }),
    reconcile,
  };
}

async function defaultBase(git: Git, project: ProjectRecord): Promise<string> {
  const branch = await git.defaultBranch(repositoryOf(project));
  if (branch !== undefined) return branch;
  throw new Failure('PRECONDITION', `The repository "${project.path}" has no commit yet; make a first one, then start again.`, {
    details: { reason: 'empty_repository' },
  });
}
