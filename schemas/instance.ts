import { z } from 'zod';
import { AgentState } from './agent-state.ts';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { Id, idOf, NextCursor, Ok, page, Ref, Time } from './primitives.ts';
import { Adapter } from './spec-task.ts';

export const instanceStatuses = ['starting', 'ready', 'stale', 'lost', 'stopping', 'stopped', 'failed'] as const;
export const InstanceStatus = z.enum(instanceStatuses);
export type InstanceStatus = z.infer<typeof InstanceStatus>;

export const threadStatuses = ['pending', 'active', 'disconnected', 'completed', 'failed'] as const;
export const ThreadStatus = z.enum(threadStatuses);
export type ThreadStatus = z.infer<typeof ThreadStatus>;

export const turnStates = ['idle', 'running', 'requires_action'] as const;

/** The one agent host or editor that serves a spec task. */
export const Instance = z
  .object({
    id: Id,
    specTaskId: Id,
    projectId: Id,
    adapter: Adapter,
    status: InstanceStatus,
    pid: z.int().optional(),
    terminalName: z.string().optional().describe('Where its host runs.'),
    lastHeartbeatAt: Time.optional(),
    restartCount: z.int().describe('In a row; a finished turn gives them back.'),
    capabilities: z.record(z.string(), z.unknown()),
    threadSummary: z.record(z.string(), z.int()).describe('Threads by status.'),
    lastError: z.string().optional(),
    createdAt: Time,
    endedAt: Time.optional(),
    version: z.int(),
  })
  .meta({ id: 'Instance' });
export type Instance = z.infer<typeof Instance>;

/** One conversation in an instance, 1:1 with a work session (or the planning of its task). */
export const Thread = z
  .object({
    id: Id,
    specTaskId: Id,
    workSessionId: Id.optional().describe('Absent for the thread that plans.'),
    sessionId: Id.optional(),
    instanceId: Id,
    agent: z.string(),
    externalId: z.string().optional().describe('The session id of the agent; unique within an instance.'),
    status: ThreadStatus,
    turn: z.enum(turnStates),
    generation: z.int().describe('Grows each time its agent process is started again.'),
    turns: z.int().describe('Turns that have ended.'),
    lastStopReason: z.string().optional().describe('How the last turn ended, as the agent said it; cancelled after a requested cancel.'),
    lastTurnInterrupted: z.boolean().describe('Its agent process died over the last turn.'),
    ticked: z.number().optional().describe("Share of the agent's own plan that is done."),
    agentState: AgentState.optional(),
    lastActivityAt: Time.optional(),
    createdAt: Time,
    endedAt: Time.optional(),
    version: z.int(),
  })
  .meta({ id: 'Thread' });
export type Thread = z.infer<typeof Thread>;

/** One entry of a transcript: an update of the agent, numbered by the host. */
export const TranscriptEntry = z.object({ seq: z.int(), at: Time, kind: z.string(), data: z.unknown() });

const id = idOf('an instance', 'coppice call instance.list');
const threadId = idOf('a thread', 'coppice call thread.list');
const Text = z.string().max(limits.commentChars);

export const instanceMethods = {
  'instance.ensure': defineMethod({
    summary: 'The live instance of a spec task; started when there is none.',
    access: 'operate',
    effect: 'mutation',
    params: { specTask: Ref, project: Ref.optional() },
    result: Instance,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION', 'TOOL_MISSING', 'TOOL_FAILED', 'AGENT_FAILED'],
  }),
  'instance.list': defineMethod({
    summary: 'Instances, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, specTask: Ref.optional(), live: z.boolean().default(true) },
    result: z.object({ instances: z.array(Instance), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'instance.get': defineMethod({
    summary: 'One instance with its threads.',
    access: 'read',
    effect: 'read',
    params: { id },
    result: Instance.extend({ threads: z.array(Thread) }),
    errors: ['NOT_FOUND'],
  }),
  'instance.restart': defineMethod({
    summary: 'Ends the host and starts it again; threads are reopened by what the agent calls them.',
    access: 'operate',
    effect: 'mutation',
    params: { id },
    result: Instance,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'instance.shutdown': defineMethod({
    summary: 'Ends an instance and its turns. Its threads can be reopened in another one.',
    access: 'operate',
    effect: 'mutation',
    params: { id },
    result: Instance,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'instance.heartbeat': defineMethod({
    summary: 'An instance outside of the daemon says that it lives.',
    access: 'session',
    effect: 'mutation',
    params: { id },
    result: Ok,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'instance.reportEvent': defineMethod({
    summary: 'An instance outside of the daemon tells what happened; unknown types are kept.',
    access: 'session',
    effect: 'mutation',
    params: { id, type: z.string().min(1).max(64), data: z.record(z.string(), z.unknown()).default({}) },
    result: Ok,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
};

export const threadMethods = {
  'thread.create': defineMethod({
    summary: 'Opens the thread of a work session, or answers the one it has.',
    access: 'operate',
    effect: 'mutation',
    params: { workSession: Ref },
    result: Thread,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION'],
  }),
  'thread.list': defineMethod({
    summary: 'Threads, newest first.',
    access: 'read',
    effect: 'read',
    params: { ...page, instance: id.optional(), specTask: Ref.optional() },
    result: z.object({ threads: z.array(Thread), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'thread.get': defineMethod({
    summary: 'One thread and what its agent does.',
    access: 'read',
    effect: 'read',
    params: { id: threadId },
    result: Thread,
    errors: ['NOT_FOUND'],
  }),
  'thread.update': defineMethod({
    summary: 'Chooses the agent of a thread, or its mode or model where the agent offers any.',
    access: 'operate',
    effect: 'mutation',
    params: {
      id: threadId,
      agent: z.string().min(1).max(64).optional().describe('Begins a conversation of its own in the same place.'),
      mode: z.string().min(1).max(64).optional(),
      model: z.string().min(1).max(128).optional(),
    },
    result: Thread,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION', 'AGENT_FAILED', 'MODEL_UNKNOWN'],
  }),
  'thread.adopt': defineMethod({
    summary: 'Ties a conversation that an editor has already to a work session.',
    access: 'operate',
    effect: 'mutation',
    params: { workSession: Ref, instance: id, externalId: z.string().min(1).max(limits.nameChars) },
    result: Thread,
    errors: ['NOT_FOUND', 'ALREADY_EXISTS', 'INVALID_TRANSITION'],
  }),
  'thread.close': defineMethod({
    summary: 'Ends a thread and its agent process.',
    access: 'operate',
    effect: 'mutation',
    params: { id: threadId },
    result: Thread,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'thread.cancelTurn': defineMethod({
    summary: 'Ends the running turn; whatever the agent answers then is a cancel.',
    access: 'operate',
    effect: 'mutation',
    params: { id: threadId },
    result: Thread,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'thread.reportEvent': defineMethod({
    summary: 'An instance outside of the daemon tells of a thread.',
    access: 'session',
    effect: 'mutation',
    params: { id: threadId, type: z.string().min(1).max(64), data: z.record(z.string(), z.unknown()).default({}) },
    result: Ok,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'thread.reportActivity': defineMethod({
    summary: 'An instance outside of the daemon tells that a thread does something.',
    access: 'session',
    effect: 'mutation',
    params: { id: threadId, detail: Text.optional() },
    result: Ok,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'thread.transcript': defineMethod({
    summary: 'What was said and done in a thread, oldest first, from a position on.',
    access: 'read',
    effect: 'read',
    params: { id: threadId, after: z.int().min(0).default(0).describe('seq of the last known entry.'), limit: page.limit },
    result: z.object({ entries: z.array(TranscriptEntry), next: z.int(), more: z.boolean() }),
    errors: ['NOT_FOUND'],
  }),
};

const InstanceChange = { instanceId: Id, adapter: Adapter };
const ThreadChange = { threadId: Id, workSessionId: Id.optional() };

export const instanceEvents = {
  'instance.statusChanged': defineEvent({
    summary: 'An instance went on to another status.',
    data: z.object({ ...InstanceChange, from: InstanceStatus.optional(), to: InstanceStatus, reason: z.string().optional() }),
  }),
  'instance.reported': defineEvent({
    summary: 'An instance outside of the daemon told something that has no event of its own.',
    data: z.object({ ...InstanceChange, type: z.string(), data: z.record(z.string(), z.unknown()) }),
  }),
};

export const threadEvents = {
  'thread.statusChanged': defineEvent({
    summary: 'A thread went on to another status.',
    data: z.object({ ...ThreadChange, from: ThreadStatus.optional(), to: ThreadStatus, reason: z.string().optional() }),
  }),
  'thread.turnStarted': defineEvent({ summary: 'A turn began.', data: z.object({ ...ThreadChange, promptId: Id }) }),
  'thread.turnFinished': defineEvent({
    summary: 'A turn ended; interrupted when its agent process died over it.',
    data: z.object({ ...ThreadChange, promptId: Id.optional(), stopReason: z.string(), interrupted: z.boolean() }),
  }),
  'thread.agentStateChanged': defineEvent({
    summary: 'What the agent of a thread does changed.',
    data: z.object({ ...ThreadChange, state: AgentState }),
  }),
  'thread.activity': defineEvent({
    summary: 'The agent of a thread said or did something.',
    durable: false,
    data: z.object({ ...ThreadChange, seq: z.int(), kind: z.string(), update: z.unknown() }),
  }),
};
