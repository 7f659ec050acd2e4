// What the work sessions of a spec task make comes together on its integration branch, in a worktree of the daemon's own.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '../../schemas/errors.ts';
import type { MergeStrategy } from '../../schemas/spec-task.ts';
import { byDaemon } from '../kernel/origin.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { Store } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';
import type { MergeMode } from '../tools/git/merge.ts';
import type { ProcessTool } from '../tools/process.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import type { Merging } from './needs.ts';
import { runVerify } from './verify.ts';

export interface MergingDeps {
  readonly store: Store;
  readonly git: Git;
  readonly worktrees: Pick<WorktreeService, 'create' | 'merge' | 'commit'>;
  readonly process: Pick<ProcessTool, 'runTool'>;
  /** Of one verify command. */
  readonly verifyTimeoutMs: () => number;
  /** Where the output of verify commands goes: one file a work session, one for the whole spec task. */
  readonly verifyDir: string;
}

export interface MergingService extends Merging {
  /** The row of the integration worktree; made when it is not there. */
  integration(task: SpecTaskRecord): Promise<WorktreeRecord>;
  /** Deletes what its verify commands printed. */
  forgetLogs(specTaskId: string): Promise<void>;
}

const modes: Readonly<Record<MergeStrategy, MergeMode>> = { rebase_ff: 'rebase', merge: 'no-ff', squash: 'squash' };

export function createMergingService({ store, git, worktrees, process, verifyTimeoutMs, verifyDir }: MergingDeps): MergingService {
  const projectOf = (task: SpecTaskRecord): ProjectRecord => {
    const project = store.read((r) => r.projects.get(task.projectId));
    if (!project) throw new Error(`spec task "${task.id}" has no project row`);
    return project;
  };
  const headOf = (task: SpecTaskRecord, branch: string): Promise<string> =>
    git.resolveCommit(repositoryOf(projectOf(task)), `refs/heads/${branch}`);
  const integration = async (task: SpecTaskRecord): Promise<WorktreeRecord> => {
    const project = projectOf(task);
    const there = store.read((r) => r.worktrees.byProjectAndBranch(project.id, task.integrationBranch));
    if (there?.status === 'present') return adopt(task, there);
    const exists = await git.branchExists(repositoryOf(project), task.integrationBranch);
    const place = exists ? { allowExistingBranch: true } : { allowExistingBranch: false, base: task.baseBranch };
    const made = await worktrees.create({ project, branch: task.integrationBranch, ...place, copy: task.workspaceConfig.copy }, byDaemon);
    return adopt(task, made);
  };
  /** Also after a crash between the worktree and this. */
  const adopt = async (task: SpecTaskRecord, worktree: WorktreeRecord): Promise<WorktreeRecord> => {
    const known = store.read((r) => r.specTasks.get(task.id))?.integrationWorktreeId;
    if (known !== worktree.id) await store.write((w) => w.specTasks.change(task.id, { integrationWorktreeId: worktree.id }));
    return worktree;
  };
  return {
    integration,
    headOf,
    async ensureIntegration(task) {
      const { path } = await integration(task);
      return { worktreePath: path, head: await headOf(task, task.integrationBranch) };
    },
    async contains(task, branch, commit) {
      const tip = await headOf(task, branch);
      return (await git.mergeBase(repositoryOf(projectOf(task)), commit, tip)) === commit;
    },
    async commitLeftovers(worktreePath, message) {
      const { clean, head = '' } = await git.status(worktreePath);
      if (clean) return head;
      try {
        return (await git.commitWork({ worktreePath, message, all: true, unattended: true })).commit;
      } catch (error) {
        // All that differs lies inside a submodule, where a commit here can not reach it.
        if (isFailure(error) && error.details?.reason === 'nothing_staged') return head;
        throw error;
      }
    },
    async merge(task, { worktreeId, into, strategy, message }) {
      const worktree = store.read((r) => r.worktrees.get(worktreeId));
      if (!worktree) throw new Error(`the worktree "${worktreeId}" of spec task "${task.id}" has no row`);
      // What a verify command left must not stand in the way.
      if (into === task.integrationBranch) await git.scrub({ worktreePath: (await integration(task)).path, branch: into });
      return worktrees.merge(worktree, { into, mode: modes[strategy], message, unattended: true }, byDaemon);
    },
    async revert(task, { into, before, commit }) {
      if (into !== task.integrationBranch) throw new Error(`"${into}" is not the integration branch of spec task "${task.id}"`);
      const { path } = await integration(task);
      await git.takeBack({ repo: repositoryOf(projectOf(task)), worktreePath: path, branch: into, from: commit, to: before });
    },
    verify({ specTaskId, workSessionId = specTaskId, worktreePath, commands, env }, signal) {
      const logPath = join(verifyDir, specTaskId, `${workSessionId}.log`);
      return runVerify(process, { worktreePath, commands, env, timeoutMs: verifyTimeoutMs(), logPath }, signal);
    },
    forgetLogs: (specTaskId) => rm(join(verifyDir, specTaskId), { recursive: true, force: true }),
  };
}
