// Worktrees of the daemon: made with the intent on record first, removed only after proof that nothing is lost. The main checkout is
// never touched.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import { byDaemon, type Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import { settle } from '../store/receipts.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import { createRemoval, type RemovalDeps, type RemoveOptions } from './removal.ts';
import { slugOf } from './slug.ts';
import { subjectOf } from './subject.ts';
import { branchTaken, worktreeTaken } from './taken.ts';
import { worktreeView } from './view.ts';

export interface CreateWorktree {
  readonly project: ProjectRecord;
  readonly branch: string;
  /** Any commit-ish; default: the repository's default branch. */
  readonly base?: string | undefined;
  /** A branch that exists is checked out as it is instead of refused. */
  readonly allowExistingBranch: boolean;
  readonly sessionId?: string;
}

export interface WorktreeService {
  create(spec: CreateWorktree, origin: Origin): Promise<WorktreeRecord>;
  remove(worktree: WorktreeRecord, options: RemoveOptions, origin: Origin): Promise<{ branchDeleted: boolean }>;
  /** Does it hold anything beyond what it began with? */
  isTouched(worktree: WorktreeRecord): Promise<boolean>;
  retain(worktree: WorktreeRecord, reason: string, origin: Origin): Promise<void>;
  /** Compares rows with the disk at start: half-made ones are rolled back, vanished ones marked. */
  reconcile(): Promise<void>;
  /** Deletions of moved-aside directories that still run. */
  idle(): Promise<void>;
}

export interface WorktreeDeps extends RemovalDeps {
  readonly ids: Ids;
  readonly root: () => string;
}

export function createWorktreeService(deps: WorktreeDeps): WorktreeService {
  const { store, git, clock, ids, log, queue } = deps;
  const removal = createRemoval(deps);

  const create = async (spec: CreateWorktree, origin: Origin): Promise<WorktreeRecord> => {
    const { project, branch } = spec;
    const repo = repositoryOf(project);
    await git.checkBranchName(branch);
    const exists = await git.branchExists(repo, branch);
    if (exists && (!spec.allowExistingBranch || spec.base !== undefined)) throw branchTaken(project, branch);
    const base = exists ? branch : (spec.base ?? (await defaultBase(git, project)));
    const baseCommit = await git.resolveCommit(repo, base);
    const record = await intend({ ...spec, base, baseCommit, branchCreated: !exists });
    try {
      await mkdir(join(record.path, '..'), { recursive: true, mode: 0o700 });
      await git.addWorktree({ repo, path: record.path, branch, base: baseCommit, createBranch: !exists });
    } catch (error) {
      await store.write((w) => w.worktrees.remove(record.id));
      throw error;
    }
    const made: WorktreeRecord = { ...record, status: 'present' };
    return store.write((w) => {
      w.worktrees.setStatus(made.id, made.status);
      // In one piece with the worktree, so that a session never has one that it does not know of.
      if (spec.sessionId !== undefined) w.sessions.change(spec.sessionId, { worktreeId: made.id, branch });
      const data = { path: made.path, branch, baseCommit };
      w.events.append({ type: 'worktree.created', subject: subjectOf(made), actor: origin.actor, data });
      settle(w, origin.receipt, worktreeView(made));
      return made;
    });
  };
  const intend = (spec: CreateWorktree & { base: string; baseCommit: string; branchCreated: boolean }): Promise<WorktreeRecord> =>
    store.write((w) => {
      const { project, branch, base, baseCommit, branchCreated, sessionId } = spec;
      const existing = w.worktrees.byProjectAndBranch(project.id, branch);
      if (existing) throw worktreeTaken(existing);
      const folder = join(
        deps.root(),
        slugOf(project.name, () => false),
      );
      const slug = slugOf(branch, (taken) => w.worktrees.byPath(join(folder, taken)) !== undefined);
      const record: WorktreeRecord = {
        id: ids.next('wt'),
        projectId: project.id,
        path: join(folder, slug),
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
  const rollBack = async (worktree: WorktreeRecord): Promise<void> => {
    const project = store.read((r) => r.projects.get(worktree.projectId));
    // Also when nothing is there yet: the git of the dead daemon may still be at it, and makes the branch first.
    const isGone = !project || (await git.rollBackWorktree({ repo: repositoryOf(project), path: worktree.path, ...ownBranch(worktree) }));
    // Git had finished it, and somebody may have used it since: it is a worktree like any other.
    await store.write((w) => (isGone ? w.worktrees.remove(worktree.id) : w.worktrees.setStatus(worktree.id, 'present')));
  };
  return {
    create: (spec, origin) => queue.run(spec.project.gitDir, () => create(spec, origin)),
    remove: removal.remove,
    idle: removal.idle,
    async isTouched(worktree) {
      const status = await git.status(worktree.path);
      return !status.clean || status.head !== worktree.baseCommit;
    },
    retain: (worktree, reason, origin) =>
      store.write((w) => {
        w.worktrees.setRetained(worktree.id, reason);
        const data = { path: worktree.path, branch: worktree.branch, reason };
        w.events.append({ type: 'worktree.retained', subject: subjectOf(worktree), actor: origin.actor, data });
      }),
    async reconcile() {
      const rows = store.read((r) => r.worktrees.allLive());
      for (const folder of new Set(rows.map(({ path }) => dirname(path)))) {
        await git.sweepTrash(folder).catch((error: unknown) => log.warn({ err: error }, `left-over files in "${folder}" stay`));
      }
      for (const worktree of rows) {
        try {
          if (worktree.status === 'creating') await rollBack(worktree);
          else await noteAbsence(worktree);
        } catch (error) {
          // One repository that cannot be looked at must not keep the daemon from starting; its row stays as it was.
          log.error({ err: error, worktreeId: worktree.id }, `the worktree "${worktree.path}" could not be reconciled`);
        }
      }
    },
  };

  async function noteAbsence(worktree: WorktreeRecord): Promise<void> {
    const present = (await git.findRepository(worktree.path))?.worktreePath === worktree.path;
    const status = present ? 'present' : 'missing';
    if (status === worktree.status) return;
    await store.write((w) => {
      w.worktrees.setStatus(worktree.id, status);
      if (present) return;
      const data = { path: worktree.path, branch: worktree.branch };
      w.events.append({ type: 'worktree.missing', subject: subjectOf(worktree), actor: byDaemon.actor, data });
    });
  }
}

/** Rolling back deletes a branch only when it was made with the worktree and still is where it began. */
function ownBranch(worktree: WorktreeRecord): { branch?: string; expectedCommit?: string } {
  return worktree.branchCreated ? { branch: worktree.branch, expectedCommit: worktree.baseCommit } : {};
}

async function defaultBase(git: Git, project: ProjectRecord): Promise<string> {
  const branch = await git.defaultBranch(repositoryOf(project));
  if (branch !== undefined) return branch;
  throw new Failure('PRECONDITION', `The repository "${project.path}" has no commit yet; make a first one, then start again.`, {
    details: { reason: 'empty_repository' },
  });
}
