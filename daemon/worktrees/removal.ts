// Taking a worktree away: first the proof, then the rename aside, then the branch if it was ours and holds nothing.
import { realpath } from 'node:fs/promises';
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { WorkAtRisk } from '../../schemas/worktree.ts';
import type { Clock } from '../kernel/clock.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon, type Origin } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import type { Proc } from '../tools/proc.ts';
import type { Hooks } from './hooks.ts';
import { presenceOf } from './presence.ts';
import { workAtRisk } from './removal-proof.ts';
import { createSaving, type Saved, type SavingDeps } from './saving.ts';
import { subjectOf } from './subject.ts';

const commitsShown = 20;

export interface RemoveOptions {
  readonly callerDirectory?: string | undefined;
  /** The session whose end this is: it does not count as a live one. */
  readonly bySession?: string;
  /** Save what is not committed or not merged instead of refusing. All else that speaks against a removal still does. */
  readonly force?: boolean;
  /** A branch that counts like the default one: what it has of our branch is merged. */
  readonly mergedInto?: string;
}

export interface Removed {
  readonly branchDeleted: boolean;
  /** The reference that holds the work, after force. */
  readonly savedAs?: string;
}

export interface Removal {
  remove(worktree: WorktreeRecord, options: RemoveOptions, origin: Origin): Promise<Removed>;
  /** Ends a forced removal that a former daemon died over after the work was saved. False when there is none. */
  endInterrupted(project: ProjectRecord, worktree: WorktreeRecord): Promise<boolean>;
  /** Deletes, while nobody waits for it, what removals that a former daemon died over have left in these directories. */
  sweep(directories: Iterable<string>): Promise<void>;
  /** Waits for the deletion of directories that were moved aside. */
  idle(): Promise<void>;
}

export interface RemovalDeps extends SavingDeps {
  readonly store: Store;
  readonly git: Git;
  readonly proc: Pick<Proc, 'processesInside'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Serialises git's worktree commands a repository: git races with itself. */
  readonly queue: KeyedQueue;
  readonly hooks: Hooks;
}

export function createRemoval(deps: RemovalDeps): Removal {
  const { store, git, log, clock, queue } = deps;
  const deletions = new Set<Promise<void>>();
  const saving = createSaving(deps);

  /** Who stood inside before the look and is gone after it may have left work behind it: then all is looked at once more. */
  const prove = async (project: ProjectRecord, worktree: WorktreeRecord, options: RemoveOptions): Promise<WorkAtRisk | undefined> => {
    for (;;) {
      const stood = await deps.proc.processesInside(worktree.path);
      const risk = await lookAt(project, worktree, options);
      if (risk || stood.length === 0) return risk;
    }
  };
  const lookAt = async (project: ProjectRecord, worktree: WorktreeRecord, options: RemoveOptions): Promise<WorkAtRisk | undefined> => {
    const repo = repositoryOf(project);
    const realPath = await realpath(worktree.path);
    const known = git.status(worktree.path);
    const [status, repositories] = await Promise.all([known, git.repositoriesAtRisk({ worktreePath: worktree.path, known })]);
    const { baseCommit } = worktree;
    const branch = status.branch ?? 'HEAD';
    const isSaved = options.force === true;
    const commits =
      status.head === undefined || status.head === baseCommit || isSaved
        ? []
        : await git.commitsNowhereElse({ repo, branch, tip: status.head, baseCommit, limit: commitsShown });
    const locked = await git.lockOf(realPath);
    // Last, so that next to nothing comes between this and the rename, and since our own git stands inside while it looks.
    const processes = await deps.proc.processesInside(worktree.path);
    const changed = [...status.staged, ...status.unstaged].map(({ path }) => path).concat(status.untracked, status.conflicted);
    const live = store.read((r) => r.sessions.activeInWorktree(worktree.id)).filter((session) => session.id !== options.bySession);
    return workAtRisk({
      worktreePath: realPath,
      mainCheckout: project.path,
      callerDirectory: options.callerDirectory === undefined ? undefined : await realpath(options.callerDirectory).catch(() => undefined),
      locked,
      changedPaths: isSaved ? [] : changed,
      repositories,
      commitsNowhereElse: commits,
      processes,
      liveSessions: live.map((session) => session.slug),
    });
  };

  /** Ours, and without a commit that its base or the default branch lacks. */
  const deleteOwnBranch = async (project: ProjectRecord, worktree: WorktreeRecord, mergedInto?: string): Promise<boolean> => {
    const repo = repositoryOf(project);
    if (!worktree.branchCreated || !(await git.branchExists(repo, worktree.branch))) return false;
    const tip = await git.resolveCommit(repo, `refs/heads/${worktree.branch}`);
    const isNeeded = tip !== worktree.baseCommit && !(await isMerged(project, tip, mergedInto));
    return !isNeeded && git.deleteBranch({ repo, branch: worktree.branch, expectedCommit: tip });
  };
  const isMerged = async (project: ProjectRecord, tip: string, mergedInto?: string): Promise<boolean> => {
    const repo = repositoryOf(project);
    const other = mergedInto !== undefined && (await git.branchExists(repo, mergedInto)) ? mergedInto : undefined;
    const targets = [await git.defaultBranch(repo), other].filter((branch) => branch !== undefined);
    return (await Promise.all(targets.map((branch) => isContained(project, tip, branch)))).includes(true);
  };
  const isContained = async (project: ProjectRecord, tip: string, branch: string): Promise<boolean> => {
    const base = await git.resolveCommit(repositoryOf(project), branch);
    return (await git.countCommits({ cwd: project.path, base, tip })) === 0;
  };

  const remove = async (worktree: WorktreeRecord, options: RemoveOptions, origin: Origin): Promise<Removed> => {
    const project = store.read((r) => r.projects.get(worktree.projectId));
    if (!project) throw new Error(`worktree "${worktree.id}" has no project row`);
    // Somebody was faster while this waited for its turn, or it was being made and has failed.
    const now = store.read((r) => r.worktrees.get(worktree.id));
    if (now === undefined || now.status === 'removed') return { branchDeleted: false };
    // A directory that vanished by itself holds nothing any more: only git's entry and the branch are left to tidy up.
    const presence = await presenceOf(git, worktree);
    if (presence === 'stray') throw stray(worktree);
    const isPresent = presence === 'checkout';
    if (isPresent) {
      const risk = await prove(project, worktree, options);
      if (risk) throw atRisk(worktree, risk);
      const { id: worktreeId, path: worktreePath, branch } = worktree;
      const place = { projectId: project.id, projectPath: project.path };
      const facts = { worktreeId, worktreePath, branch, ...place, sessionId: options.bySession ?? worktree.sessionId };
      // What a hook leaves behind counts too.
      const left = (await deps.hooks.run('pre_remove', facts)) ? await prove(project, worktree, options) : undefined;
      if (left) throw atRisk(worktree, left);
    }
    if (!isPresent || !options.force) return takeAway(project, worktree, undefined, origin, options.mergedInto);
    const saved = await saving.save(project, worktree, origin);
    try {
      // Saving takes a while; whoever came in meanwhile is not thrown out.
      const late = await prove(project, worktree, options);
      if (late) throw atRisk(worktree, late);
      return await takeAway(project, worktree, saved, origin);
    } catch (error) {
      await saving.dropUnneeded(project, worktree);
      throw error;
    }
  };
  const takeAway = async (
    project: ProjectRecord,
    worktree: WorktreeRecord,
    saved: Saved | undefined,
    origin: Origin,
    mergedInto?: string,
  ): Promise<Removed> => {
    const removed = await git.removeWorktree({ repo: repositoryOf(project), path: worktree.path }).catch((error: unknown) => {
      if (isFailure(error) && error.kind === 'NOT_FOUND') return undefined;
      throw error;
    });
    try {
      return await conclude(project, worktree, saved, origin, mergedInto);
    } finally {
      // Last, so that the answer does not wait for it.
      if (removed) trackDeletion(`files of the removed worktree "${worktree.path}"`, removed.deleteFiles());
    }
  };
  const conclude = async (
    project: ProjectRecord,
    worktree: WorktreeRecord,
    saved: Saved | undefined,
    origin: Origin,
    mergedInto?: string,
  ): Promise<Removed> => {
    const deleting = saved ? deleteSavedBranch(project, worktree, saved) : deleteOwnBranch(project, worktree, mergedInto);
    // The files are gone, whatever git says of the branch.
    const branchDeleted = await deleting.catch((error: unknown) => {
      const { id: worktreeId, branch } = worktree;
      log.warn(
        { err: error, worktreeId },
        `the branch "${branch}" of a removed worktree stays; delete it by "git branch -d" when the error is mended`,
      );
      return false;
    });
    return store.write((w) => {
      const removedAt = clock.now();
      w.worktrees.markRemoved(worktree.id, removedAt);
      if (saved) {
        const { ref, files } = saved;
        w.removedWorktrees.insert({ id: worktree.id, projectId: worktree.projectId, ref, files, removedAt });
      }
      for (const { id, kind, key, value } of w.leases.releaseOfWorktree(worktree.id)) {
        const freed = { id, kind, key, value };
        w.events.append({ type: 'lease.released', subject: subjectOf(worktree), actor: origin.actor, data: freed });
      }
      const data = { path: worktree.path, branch: worktree.branch, branchDeleted };
      w.events.append({ type: 'worktree.removed', subject: subjectOf(worktree), actor: origin.actor, data });
      return settle(w, origin.receipt, { branchDeleted, ...(saved ? { savedAs: saved.ref } : {}) });
    });
  };
  /** Ours, and still where the reference holds it: its commits can be brought back. */
  const deleteSavedBranch = async (project: ProjectRecord, worktree: WorktreeRecord, { branchTip }: Saved): Promise<boolean> => {
    if (!worktree.branchCreated || branchTip === undefined) return false;
    return git.deleteBranch({ repo: repositoryOf(project), branch: worktree.branch, expectedCommit: branchTip });
  };
  const trackDeletion = (what: string, deleted: Promise<void>): void => {
    const tracked = deleted
      .catch((error: unknown) => log.warn({ err: error }, `${what} are left over; the next start of the daemon tries again`))
      .finally(() => deletions.delete(tracked));
    deletions.add(tracked);
  };
  return {
    remove: (worktree, options, origin) => {
      const gitDir = store.read((r) => r.projects.get(worktree.projectId))?.gitDir ?? worktree.projectId;
      // First, one that is being made has to be there.
      return queue.run(worktree.id, () => queue.run(gitDir, () => remove(worktree, options, origin)));
    },
    async endInterrupted(project, worktree) {
      const saved = await saving.find(project, worktree);
      if (saved) await takeAway(project, worktree, saved, byDaemon);
      return saved !== undefined;
    },
    async sweep(directories) {
      for (const directory of new Set(directories)) {
        const left = await git.findTrash(directory).catch((error: unknown) => {
          log.warn({ err: error }, `"${directory}" cannot be searched for files that removals have left`);
          return [];
        });
        for (const path of left) trackDeletion(`files in "${path}"`, git.emptyTrash(path));
      }
    },
    idle: async () => void (await Promise.all(deletions)),
  };
}

function stray(worktree: WorktreeRecord): Failure {
  const reason = 'Its directory is no checkout any more, so git cannot tell what is in it.';
  const risk: WorkAtRisk = { paths: [worktree.path], commits: [], processes: [], reasons: [reason] };
  return new Failure(
    'WORK_AT_RISK',
    `Removing the worktree "${worktree.path}" could lose work: ${reason} Run "git worktree repair" in the repository, or move the files away.`,
    { details: risk },
  );
}

function atRisk(worktree: WorktreeRecord, risk: WorkAtRisk): Failure {
  return new Failure(
    'WORK_AT_RISK',
    `Removing the worktree "${worktree.path}" would lose work: ${risk.reasons.join(' ')} Commit, merge or push it, or end what runs there.`,
    { details: risk },
  );
}
