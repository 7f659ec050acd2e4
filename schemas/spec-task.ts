import { z } from 'zod';
import { CopyRule } from './copy-rule.ts';
import { limits } from './limits.ts';
import { Environment, Id, Ref, Sha256, Time } from './primitives.ts';
import { adapters, landings, mergeStrategies, priorities, specTaskStatuses } from './task-words.ts';

export const SpecTaskStatus = z.enum(specTaskStatuses);
export type SpecTaskStatus = z.infer<typeof SpecTaskStatus>;

export const Adapter = z.enum(adapters);
export type Adapter = z.infer<typeof Adapter>;

export const Priority = z.enum(priorities);
export type Priority = z.infer<typeof Priority>;

export type MergeStrategy = (typeof mergeStrategies)[number];

const Argv = z.array(z.string().min(1).max(limits.argumentBytes)).min(1).max(100);
export const Label = z.string().min(1).max(64);

/** Every worktree of the task gets it. */
export const WorkspaceConfig = z.strictObject({
  copy: z.array(CopyRule).max(100).default([]).describe('Untracked files of the main checkout, beside those of the configuration.'),
  env: Environment.default({}),
  setup: z.array(Argv).max(20).default([]).describe('Programs run in each new worktree, as argv.'),
});

/** How the implementation runs. Kept with the task, so that scheduling is a function of the store. */
export const ImplementationSettings = z.strictObject({
  autoStart: z.boolean().default(true).describe('Start work sessions as they become ready; else workSession.start does.'),
  maxConcurrent: z.int().min(1).max(100).optional().describe('Work sessions at once; default: [spec_tasks.limits] slots_per_task.'),
  agents: z.record(Label, z.string().min(1).max(64)).default({}).describe('Agent by label of an implementation task.'),
  verify: z
    .array(z.string().min(1).max(limits.argumentBytes))
    .max(20)
    .default([])
    .describe('Shell commands, run on the integration branch after each merge.'),
  mergeMode: z.enum(['auto', 'manual']).default('auto'),
  mergeStrategy: z.enum(mergeStrategies).default('merge'),
  env: Environment.default({}),
});
export type ImplementationSettings = z.infer<typeof ImplementationSettings>;

const Source = z.object({ kind: z.enum(['github', 'jira', 'url']), key: z.string().max(2_048) });

/** What a client may say of a task when it makes one, and change later. */
export const editable = {
  name: z.string().min(1).max(limits.nameChars),
  prompt: z.string().min(1).max(limits.taskPromptChars),
  type: z.enum(['feature', 'bug', 'refactor', 'chore', 'docs']),
  priority: Priority,
  dependsOn: z.array(Ref).max(50).describe('Spec tasks that must be done first.'),
  labels: z.array(z.string().min(1).max(64)).max(50),
  estimatedHours: z.number().min(0).max(10_000),
  planningAgent: z.string().min(1).max(64).describe('A registered agent, or "command:<name>".'),
  implementationAgents: z.array(z.string().min(1).max(64)).min(1).max(20),
  workspaceConfig: WorkspaceConfig,
  failPolicy: z.enum(['continue', 'pause', 'fail_fast']),
  approvalsRequired: z.int().min(1).max(10),
  landing: z.enum(landings),
};

export const SpecTask = z
  .object({
    id: Id,
    number: z.int().describe('Counts up within the project.'),
    projectId: Id,
    ...editable,
    estimatedHours: editable.estimatedHours.optional(),
    dependsOn: z.array(Id),
    status: SpecTaskStatus,
    revision: z.int().describe('Number of the newest revision; 0: none.'),
    approvedRevision: z.int().optional(),
    baseBranch: z.string(),
    integrationBranch: z.string(),
    branchPrefix: z.string(),
    skipPlanning: z.boolean(),
    adapter: Adapter,
    planningSessionId: Id.optional(),
    source: Source.optional(),
    template: z.string().optional(),
    createdBy: z.string(),
    implementation: ImplementationSettings.optional().describe('From startImplementation on.'),
    createdAt: Time,
    startedAt: Time.optional(),
    approvedAt: Time.optional(),
    endedAt: Time.optional(),
    archivedAt: Time.optional(),
    lastError: z.string().optional(),
    landedCommit: z.string().optional(),
    pullRequestUrl: z.string().optional(),
    version: z.int().describe('Grows with each change; ifVersion compares.'),
  })
  .meta({ id: 'SpecTask' });
export type SpecTask = z.infer<typeof SpecTask>;

export const revisionStatuses = ['in_review', 'changes_requested', 'approved', 'superseded'] as const;
export const Revision = z
  .object({
    specTaskId: Id,
    number: z.int(),
    requirements: z.string(),
    design: z.string(),
    plan: z.string(),
    source: z.enum(['agent', 'human', 'import']),
    commit: z.string().optional(),
    status: z.enum(revisionStatuses),
    sha256: Sha256,
    approvals: z.array(z.object({ by: z.string(), at: Time })),
    decidedBy: z.string().optional(),
    decidedAt: Time.optional(),
    createdAt: Time,
  })
  .meta({ id: 'Revision' });
export type Revision = z.infer<typeof Revision>;

export const Progress = z.object({
  overallProgress: z.number().describe('Completed implementation tasks of all.'),
  weighted: z.number(),
  planning: z.number(),
  implementation: z.number(),
  validation: z.number(),
  counts: z.record(z.string(), z.int()).describe('Implementation tasks by status.'),
});
export type Progress = z.infer<typeof Progress>;
