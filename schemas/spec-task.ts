import { z } from 'zod';
import { CopyRule } from './copy-rule.ts';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { ParsedPlan } from './plan.ts';
import { Environment, Id, NextCursor, page, Ref, Sha256, Time } from './primitives.ts';

export const specTaskStatuses = [
  'backlog',
  'queued_spec_generation',
  'spec_generation',
  'spec_review',
  'spec_revision',
  'spec_approved',
  'queued_implementation',
  'implementation',
  'implementation_review',
  'done',
  'spec_failed',
  'implementation_failed',
  'cancelled',
] as const;
export const SpecTaskStatus = z.enum(specTaskStatuses);
export type SpecTaskStatus = z.infer<typeof SpecTaskStatus>;

export const adapters = ['acp', 'tmux', 'zed'] as const;
export const Adapter = z.enum(adapters);
export type Adapter = z.infer<typeof Adapter>;

export const priorities = ['low', 'medium', 'high', 'critical'] as const;
export const Priority = z.enum(priorities);
export type Priority = z.infer<typeof Priority>;

export const landings = ['none', 'ff', 'merge', 'squash', 'pr'] as const;
export const mergeStrategies = ['rebase_ff', 'merge', 'squash'] as const;
export type MergeStrategy = (typeof mergeStrategies)[number];

const Argv = z.array(z.string().min(1).max(limits.argumentBytes)).min(1).max(100);
const Label = z.string().min(1).max(64);

/** Every worktree of the task gets it. */
const WorkspaceConfig = z.strictObject({
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
const editable = {
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

const id = Ref.describe('Spec task id, or "#<number>" with project.');
const project = Ref.optional().describe('Project of a "#<number>".');
const ref = { id, project };
const ifVersion = z.int().min(1).optional().describe('Refuse with CONFLICT unless the task is of this version.');
const Document = z.string().max(limits.planBytes);

export const Progress = z.object({
  overallProgress: z.number().describe('Completed implementation tasks of all.'),
  weighted: z.number(),
  planning: z.number(),
  implementation: z.number(),
  validation: z.number(),
  counts: z.record(z.string(), z.int()).describe('Implementation tasks by status.'),
});
export type Progress = z.infer<typeof Progress>;

export const specTaskMethods = {
  'specTask.parsePlan': defineMethod({
    summary: 'Reads a plan without keeping it: its tasks, and what is wrong in it as diagnostics. No project is needed.',
    access: 'read',
    effect: 'read',
    params: {
      text: z.string().max(limits.messageBytes).describe('Markdown.'),
      strict: z.boolean().default(false).describe('A dependency on what is not there is an error, not a warning.'),
    },
    result: ParsedPlan,
  }),
  'specTask.create': defineMethod({
    summary: 'Records a request. Nothing runs before specTask.start.',
    access: 'operate',
    effect: 'mutation',
    params: {
      project: Ref,
      name: editable.name.optional().describe('Default: the prompt, or its first 57 characters.'),
      prompt: editable.prompt.optional().describe('Default: that of the template or the source.'),
      type: editable.type.default('feature'),
      priority: editable.priority.default('medium'),
      dependsOn: editable.dependsOn.default([]),
      labels: editable.labels.default([]),
      estimatedHours: editable.estimatedHours.optional(),
      baseBranch: z.string().min(1).max(limits.nameChars).optional().describe("Default: the repository's default branch."),
      skipPlanning: z.boolean().default(false),
      planningAgent: editable.planningAgent.optional(),
      implementationAgents: editable.implementationAgents.optional(),
      adapter: Adapter.optional(),
      workspaceConfig: WorkspaceConfig.prefault({}),
      failPolicy: editable.failPolicy.default('continue'),
      approvalsRequired: editable.approvalsRequired.default(1),
      landing: editable.landing.default('none'),
      template: z.string().min(1).max(64).optional(),
      from: z.string().min(1).max(2_048).optional().describe('gh:owner/repo#12, jira:KEY or a URL: fills prompt and source.'),
      environment: Environment.default({}).describe("The client's own environment, for all sessions of the task."),
    },
    result: SpecTask,
    errors: ['NOT_FOUND', 'MODEL_UNKNOWN', 'PRECONDITION', 'TOOL_FAILED', 'TOOL_MISSING'],
  }),
  'specTask.list': defineMethod({
    summary: 'Spec tasks, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, project: Ref.optional(), status: z.array(SpecTaskStatus).optional(), archived: z.boolean().default(false) },
    result: z.object({ specTasks: z.array(SpecTask), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'specTask.get': defineMethod({
    summary: 'One spec task.',
    access: 'read',
    effect: 'read',
    params: ref,
    result: SpecTask,
    errors: ['NOT_FOUND'],
  }),
  'specTask.update': defineMethod({
    summary: 'Changes what was said of a task; what its state does not allow any more is refused.',
    access: 'operate',
    effect: 'mutation',
    params: { ...ref, ifVersion, ...z.object(editable).partial().shape },
    result: SpecTask,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'MODEL_UNKNOWN'],
  }),
  'specTask.start': defineMethod({
    summary: 'Queues planning, or with skipPlanning the implementation.',
    access: 'operate',
    effect: 'mutation',
    params: { ...ref, ifVersion },
    result: SpecTask,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'PRECONDITION', 'MODEL_UNKNOWN'],
  }),
  'specTask.submitSpecs': defineMethod({
    summary: 'Submits a new revision for review. The plan must parse. A planner may submit for its own task.',
    access: 'session',
    effect: 'mutation',
    params: {
      ...ref,
      requirements: Document.default(''),
      design: Document.default(''),
      plan: Document.min(1),
      source: z.enum(['agent', 'human', 'import']).default('human'),
      commit: z.string().min(1).max(64).optional(),
    },
    result: Revision,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PLAN_INVALID', 'CONFLICT'],
  }),
  'specTask.getSpecs': defineMethod({
    summary: 'One revision with its documents; default: the newest.',
    access: 'read',
    effect: 'read',
    params: { ...ref, revision: z.int().min(1).optional() },
    result: Revision,
    errors: ['NOT_FOUND'],
  }),
  'specTask.updatePlan': defineMethod({
    summary: 'Replaces the plan of a running implementation: tasks are matched, those that started are never lost.',
    access: 'approve',
    effect: 'mutation',
    params: { ...ref, ifVersion, plan: Document.min(1) },
    result: z.object({
      specTask: SpecTask,
      revision: z.int(),
      changes: z.array(
        z.object({ label: z.string(), change: z.enum(['added', 'unchanged', 'updated', 'drifted', 'obsolete', 'question']) }),
      ),
    }),
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'PLAN_INVALID'],
  }),
  'specTask.approve': defineMethod({
    summary: 'Approves one exact revision. The same approval again succeeds without an event.',
    access: 'approve',
    effect: 'mutation',
    params: { ...ref, revision: z.int().min(1) },
    result: SpecTask,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'PRECONDITION'],
  }),
  'specTask.requestChanges': defineMethod({
    summary: 'Sends a revision back to its planner with the open comments.',
    access: 'approve',
    effect: 'mutation',
    params: { ...ref, revision: z.int().min(1), comment: z.string().min(1).max(limits.commentChars).optional() },
    result: SpecTask,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'PRECONDITION'],
  }),
  'specTask.startImplementation': defineMethod({
    summary: 'Makes work sessions for the approved plan, or more of them; called again it adds and never duplicates.',
    access: 'operate',
    effect: 'mutation',
    params: {
      ...ref,
      revision: z.int().min(1).optional().describe('Must be the approved one.'),
      select: z.union([z.literal('all'), z.literal('none'), z.array(Label).min(1).max(limits.planTasks)]).default('all'),
      includeDependencies: z.boolean().default(false).describe('With labels: bring the unfinished tasks they need.'),
      ...ImplementationSettings.shape,
      dryRun: z.boolean().default(false),
    },
    result: z.object({
      specTask: SpecTask,
      selected: z.array(z.object({ label: z.string(), title: z.string(), agent: z.string(), branch: z.string(), exists: z.boolean() })),
      waves: z.array(z.array(z.string())).nullable(),
    }),
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'PRECONDITION', 'MODEL_UNKNOWN', 'LIMIT_EXCEEDED'],
  }),
  'specTask.approveImplementation': defineMethod({
    summary: 'Accepts the result; with a landing it is landed now.',
    access: 'approve',
    effect: 'mutation',
    params: { ...ref, ifVersion },
    result: SpecTask,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'PRECONDITION', 'GIT_CONFLICT', 'TOOL_FAILED', 'TOOL_MISSING'],
  }),
  'specTask.requestImplementationChanges': defineMethod({
    summary: 'Opens work sessions again, or one new one, with what is to be changed as their prompt.',
    access: 'approve',
    effect: 'mutation',
    params: { ...ref, comment: z.string().min(1).max(limits.commentChars), labels: z.array(Label).max(limits.planTasks).default([]) },
    result: SpecTask,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION'],
  }),
  'specTask.retry': defineMethod({
    summary: 'Takes a failed task up again where it failed.',
    access: 'operate',
    effect: 'mutation',
    params: { ...ref, ifVersion },
    result: SpecTask,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
  'specTask.cancel': defineMethod({
    summary: 'Ends a task and everything that runs for it; worktrees with work stay.',
    access: 'operate',
    effect: 'mutation',
    params: { ...ref, reason: z.string().max(limits.nameChars).optional() },
    result: SpecTask,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'specTask.archive': defineMethod({
    summary: 'Puts an ended task away: its instance stops, merged worktrees and branches go.',
    access: 'operate',
    effect: 'mutation',
    params: ref,
    result: SpecTask.extend({ kept: z.array(z.object({ path: z.string(), reason: z.string() })) }),
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'specTask.land': defineMethod({
    summary: 'Puts the integration branch on the base branch; never by force, never in a checkout of the user.',
    access: 'approve',
    effect: 'mutation',
    params: {
      ...ref,
      landing: z.enum(['ff', 'merge', 'squash', 'pr']).optional(),
      message: z.string().min(1).max(limits.commitMessageBytes).optional(),
    },
    result: SpecTask,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION', 'CONFLICT', 'GIT_CONFLICT', 'TOOL_FAILED', 'TOOL_MISSING'],
  }),
  'specTask.progress': defineMethod({
    summary: 'How far a task is.',
    access: 'read',
    effect: 'read',
    params: ref,
    result: Progress,
    errors: ['NOT_FOUND'],
  }),
};

const transition = z.object({ number: z.int(), name: z.string(), from: SpecTaskStatus, to: SpecTaskStatus, reason: z.string().optional() });

export const specTaskEvents = {
  'specTask.created': defineEvent({ summary: 'A request was recorded.', data: z.object({ number: z.int(), name: z.string() }) }),
  'specTask.updated': defineEvent({ summary: 'What was said of a task changed.', data: z.object({ keys: z.array(z.string()) }) }),
  'specTask.statusChanged': defineEvent({ summary: 'A task went on to another status.', data: transition }),
  'specTask.specsSubmitted': defineEvent({
    summary: 'A revision is there for review.',
    data: z.object({ revision: z.int(), source: z.string(), tasks: z.int() }),
  }),
  'specTask.approvalGiven': defineEvent({
    summary: 'One of several needed approvals was given.',
    data: z.object({ revision: z.int(), by: z.string(), missing: z.int() }),
  }),
  'specTask.approved': defineEvent({ summary: 'One exact revision was approved.', data: z.object({ revision: z.int() }) }),
  'specTask.changesRequested': defineEvent({
    summary: 'A revision went back to its planner.',
    data: z.object({ revision: z.int(), comments: z.int() }),
  }),
  'specTask.planUpdated': defineEvent({
    summary: 'The plan of a running implementation was replaced.',
    data: z.object({ revision: z.int() }),
  }),
  'specTask.landed': defineEvent({
    summary: 'The result is on the base branch, or in a pull request.',
    data: z.object({ baseBranch: z.string(), commit: z.string().optional(), url: z.string().optional() }),
  }),
  'specTask.archived': defineEvent({ summary: 'A task was put away.', data: z.object({ number: z.int() }) }),
};
