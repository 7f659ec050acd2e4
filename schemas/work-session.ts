import { z } from 'zod';
import { AgentState } from './agent-state.ts';
import { defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Environment, Id, NextCursor, page, Ref, Time } from './primitives.ts';
import { blockedReasons, stages, workSessionStatuses } from './task-words.ts';
import { FileChange } from './worktree.ts';

export const WorkSessionStatus = z.enum(workSessionStatuses);
export type WorkSessionStatus = z.infer<typeof WorkSessionStatus>;

export const workSessionStages = [...stages.pending, ...stages.active] as const;
export type WorkSessionStage = (typeof workSessionStages)[number];

export type BlockedReason = (typeof blockedReasons)[number];

export const WorkSession = z
  .object({
    id: Id,
    specTaskId: Id,
    projectId: Id,
    sessionId: Id.optional().describe('Its session, from provisioning on.'),
    implTaskId: Id.optional(),
    kind: z.enum(['planned', 'spawned', 'ad_hoc']),
    parentId: Id.optional(),
    depth: z.int(),
    name: z.string(),
    description: z.string(),
    status: WorkSessionStatus,
    stage: z.enum(workSessionStages).optional(),
    blockedReason: z.enum(blockedReasons).optional(),
    blockedDetail: z.string().optional().describe('The same in a sentence; with merge_conflict the files.'),
    waitsFor: z.string().optional().describe('While pending: why it does not run, in words.'),
    required: z.boolean(),
    mergeInto: z.enum(['integration', 'parent']),
    dependsOn: z.array(Id).describe('Work sessions that must be completed first, beside what the plan says.'),
    branch: z.string(),
    worktreeId: Id.optional(),
    worktreePath: z.string().optional(),
    baseCommit: z.string().optional(),
    headCommit: z.string().optional(),
    mergedCommit: z.string().optional(),
    attempt: z.int(),
    verifyAttempts: z.int(),
    progress: z.number().min(0).max(1).optional(),
    summary: z.string().optional(),
    agent: z.string(),
    agentState: AgentState.optional(),
    threadId: Id.optional(),
    lastError: z.string().optional(),
    createdAt: Time,
    startedAt: Time.optional(),
    endedAt: Time.optional(),
    version: z.int(),
  })
  .meta({ id: 'WorkSession' });
export type WorkSession = z.infer<typeof WorkSession>;

export const workSessionRef = Ref.describe('Work session id, session id or slug.');
const ifVersion = z.int().min(1).optional();
export const PromptText = z.string().min(1).max(limits.promptChars);

/** A program that an agent starts as a server of the Model Context Protocol, as editors name it. */
export const McpServer = z.strictObject({
  name: z.string().min(1).max(limits.nameChars),
  command: z.string().min(1).max(limits.argumentBytes),
  args: z.array(z.string().max(limits.argumentBytes)).max(100).default([]),
  env: z
    .array(z.strictObject({ name: z.string().min(1).max(256), value: z.string().max(limits.argumentBytes) }))
    .max(100)
    .default([]),
});
export type McpServer = z.infer<typeof McpServer>;

export const workSessionMethods = {
  'workSession.list': defineMethod({
    summary: 'Work sessions, newest first.',
    access: 'read',
    effect: 'read',
    params: {
      ...page,
      specTask: Ref.optional(),
      project: Ref.optional(),
      status: z.array(WorkSessionStatus).optional(),
      parent: Ref.optional(),
    },
    result: z.object({ workSessions: z.array(WorkSession), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'workSession.get': defineMethod({
    summary: 'One work session.',
    access: 'read',
    effect: 'read',
    params: { id: workSessionRef },
    result: WorkSession,
    errors: ['NOT_FOUND'],
  }),
  'workSession.create': defineMethod({
    summary:
      'A place to talk to an agent: a worktree and a thread that get their turns from people. It takes no slot, and nobody merges it unasked.',
    access: 'operate',
    effect: 'mutation',
    params: {
      project: Ref.optional().describe('Project id, name or path; with specTask only for a "#<number>".'),
      specTask: Ref.optional().describe('Beside the work sessions of this one; default: a spec task of its own.'),
      name: z.string().min(1).max(limits.nameChars),
      agent: z.string().min(1).max(64).optional().describe('Default: the first of the spec task.'),
      baseBranch: z
        .string()
        .min(1)
        .max(limits.nameChars)
        .optional()
        .describe("Without specTask. Default: the repository's default branch."),
      environment: Environment.default({}).describe("Without specTask: the client's own environment."),
      mcpServers: z.array(McpServer).max(20).default([]).describe('Programs for its agent, as far as policy lets them be started.'),
    },
    result: WorkSession,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'MODEL_UNKNOWN', 'PRECONDITION', 'POLICY_DENIED', 'TOOL_FAILED', 'TOOL_MISSING'],
  }),
  'workSession.spawn': defineMethod({
    summary: 'Makes a child of an active work session, in a worktree of its own.',
    access: 'session',
    effect: 'mutation',
    params: {
      parentId: Ref,
      name: z.string().min(1).max(limits.nameChars),
      description: z.string().max(limits.commentChars).default(''),
      prompt: PromptText.optional().describe('Default: name and description.'),
      base: z.enum(['parent_head', 'integration']).default('parent_head'),
      mergeInto: z.enum(['parent', 'integration']).default('parent'),
      required: z.boolean().default(true),
      dependsOn: z.array(Ref).max(limits.planDependencies).default([]),
      agent: z.string().min(1).max(64).optional(),
    },
    result: WorkSession,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'MODEL_UNKNOWN', 'PRECONDITION'],
  }),
  'workSession.start': defineMethod({
    summary: 'Lets a pending work session run as soon as what it needs is there, where autoStart is off.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, ifVersion },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
  'workSession.pause': defineMethod({
    summary: 'Stops giving it prompts after its turn; with cancelTurn at once.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, ifVersion, cancelTurn: z.boolean().default(false) },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
  'workSession.resume': defineMethod({
    summary: 'Goes on with what was paused or blocked.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, ifVersion, prompt: PromptText.optional() },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
  'workSession.update': defineMethod({
    summary: 'Changes the name, the description or whether it is required.',
    access: 'operate',
    effect: 'mutation',
    params: {
      id: workSessionRef,
      ifVersion,
      name: z.string().min(1).max(limits.nameChars).optional(),
      description: z.string().max(limits.commentChars).optional(),
      required: z.boolean().optional(),
    },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
  'workSession.updateStatus': defineMethod({
    summary: 'Reports how far the caller is; its own work session only, from inside of one.',
    access: 'session',
    effect: 'mutation',
    params: { id: workSessionRef, progress: z.number().min(0).max(1), note: z.string().max(limits.commentChars).optional() },
    result: WorkSession,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'workSession.complete': defineMethod({
    summary: 'Says that the work is done: what is left is committed, then verified, then merged.',
    access: 'session',
    effect: 'mutation',
    params: { id: workSessionRef, summary: z.string().max(limits.commentChars).default('') },
    result: WorkSession,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION'],
  }),
  'workSession.cancel': defineMethod({
    summary: 'Ends a work session and its pending children; with cascade the running ones too.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, ifVersion, cascade: z.boolean().default(false), reason: z.string().max(limits.nameChars).optional() },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
  'workSession.retry': defineMethod({
    summary: 'Makes a failed work session pending again, one attempt on, in the worktree it left.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, ifVersion, agent: z.string().min(1).max(64).optional() },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION', 'MODEL_UNKNOWN'],
  }),
  'workSession.reopen': defineMethod({
    summary: 'Makes a completed or cancelled work session pending again.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, ifVersion, prompt: PromptText.optional() },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
  'workSession.requestHelp': defineMethod({
    summary: 'Asks a human; the work session waits for the answer.',
    access: 'session',
    effect: 'mutation',
    params: { id: workSessionRef, question: z.string().min(1).max(limits.commentChars) },
    result: WorkSession,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'workSession.answerHelp': defineMethod({
    summary: 'Answers what a work session asked; the answer is its next prompt.',
    access: 'approve',
    effect: 'mutation',
    params: { id: workSessionRef, answer: z.string().min(1).max(limits.promptChars) },
    result: WorkSession,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'workSession.diff': defineMethod({
    summary: 'What a work session changed since its base.',
    access: 'read',
    effect: 'read',
    params: { id: workSessionRef, patch: z.boolean().default(false) },
    result: z.object({
      baseCommit: z.string(),
      head: z.string(),
      committed: z.array(FileChange),
      staged: z.array(FileChange),
      unstaged: z.array(FileChange),
      untracked: z.array(z.string()),
      patch: z.string().optional(),
    }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_FAILED'],
  }),
  'workSession.attach': defineMethod({
    summary: 'The argv to run to watch the agent of a work session.',
    access: 'operate',
    effect: 'read',
    params: { id: workSessionRef, insideTmux: z.string().max(4_096).optional().describe('$TMUX of the caller, when set.') },
    result: z.object({ argv: z.array(z.string()) }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_MISSING'],
  }),
  'workSession.merge': defineMethod({
    summary: 'Puts a work session into the merge queue, where mergeMode is manual, or tries a conflict again.',
    access: 'operate',
    effect: 'mutation',
    params: { id: workSessionRef, ifVersion },
    result: WorkSession,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_TRANSITION'],
  }),
};
