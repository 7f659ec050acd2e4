import { z } from 'zod';
import { Arguments, sessionKinds } from './command.ts';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { AbsolutePath, Environment, Id, idOf, NextCursor, Ok, page, Ref, Time } from './primitives.ts';
import { StepRun } from './step.ts';

export const sessionStatuses = ['queued', 'preparing', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'lost'] as const;
export const SessionStatus = z.enum(sessionStatuses);
export type SessionStatus = z.infer<typeof SessionStatus>;

const SessionFields = z.object({
  id: Id,
  slug: z.string().describe('Short and for people; unique.'),
  commandName: z.string(),
  kind: z.enum(sessionKinds),
  projectId: Id,
  projectPath: z.string(),
  worktreeId: Id.optional(),
  worktreePath: z.string().optional(),
  branch: z.string().optional(),
  terminalId: Id.optional(),
  terminalName: z.string().optional(),
  artifactDir: z.string(),
  status: SessionStatus,
  reason: z.string().optional().describe('Why it ended as it did, in one word or two: exit, signal, timeout, cancelled, …'),
  error: z.string().optional().describe('The same in a sentence, with the last lines of output.'),
  arguments: z.record(z.string(), z.unknown()).describe('After defaults; secrets masked.'),
  queuePosition: z.int().optional().describe('While queued: 1 is next.'),
  queueReason: z
    .enum(['capacity', 'pool'])
    .optional()
    .describe('While queued: capacity waits for max_running, pool for its concurrency group.'),
  concurrencyGroup: z.string().optional().describe('The named pool it counts in.'),
  scheduleId: Id.optional().describe('The schedule that started it.'),
  cancelRequestedAt: Time.optional(),
  groupId: Id.optional(),
  role: z.enum(['planning', 'implementation', 'plain']),
  specTaskId: Id.optional(),
  workSessionId: Id.optional(),
  implTaskId: Id.optional(),
  instanceId: Id.optional(),
  threadId: Id.optional(),
  createdAt: Time,
  startedAt: Time.optional(),
  endedAt: Time.optional(),
});
export const Session = SessionFields.meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

export const SessionUsage = z
  .object({
    memoryBytes: z.int().optional().describe('Absent where the machine does not count it for users.'),
    cpuMs: z.int().describe('Processor time since its running steps began.'),
    processes: z.int(),
  })
  .describe('What its running steps use at this moment; only where the daemon is a systemd service.');
export type SessionUsage = z.infer<typeof SessionUsage>;

const id = Ref.describe('Session id or slug.');
const DataKey = z.string().min(1).max(limits.nameChars);

/** What starting a session can fail with, whoever starts it. */
export const startErrors = [
  'NOT_FOUND',
  'COMMAND_INVALID',
  'CONFIG_INVALID',
  'MODEL_UNKNOWN',
  'TOOL_MISSING',
  'TOOL_FAILED',
  'ALREADY_EXISTS',
  'PRECONDITION',
  'POLICY_DENIED',
] as const;

export const sessionMethods = {
  'session.start': defineMethod({
    summary: 'Starts a command. The answer means that the session is committed, not that it is finished.',
    access: 'operate',
    effect: 'mutation',
    params: {
      project: Ref.describe('Project id, name, or a path inside it.'),
      command: z.string().min(1).max(limits.nameChars),
      arguments: Arguments.default({}),
      environment: Environment.default({}).describe("The starting client's own environment."),
    },
    result: Session,
    errors: [...startErrors],
  }),
  'session.list': defineMethod({
    summary: 'Sessions, newest first.',
    access: 'read',
    effect: 'read',
    params: {
      ...page,
      project: Ref.optional(),
      status: z
        .array(z.enum([...sessionStatuses, 'active', 'completed']))
        .optional()
        .describe('active: not ended yet; completed: succeeded.'),
      command: z.string().max(limits.nameChars).optional(),
    },
    result: z.object({ sessions: z.array(Session), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'session.get': defineMethod({
    summary: 'One session with its shared data and step runs.',
    access: 'read',
    effect: 'read',
    params: { id },
    result: SessionFields.extend({
      sharedData: z.record(z.string(), z.unknown()),
      stepRuns: z.array(StepRun),
      usage: SessionUsage.optional(),
    }),
    errors: ['NOT_FOUND'],
  }),
  'session.listSteps': defineMethod({
    summary: 'The step runs of a session, in order.',
    access: 'read',
    effect: 'read',
    params: { id, ...page, limit: page.limit.unwrap().default(limits.pageRows).describe('Rows at most.') },
    result: z.object({ stepRuns: z.array(StepRun), nextCursor: NextCursor }),
    errors: ['NOT_FOUND'],
  }),
  'session.cancel': defineMethod({
    summary: 'Ends a session: its processes are stopped, cleanup runs, and session.finished tells when all is dead.',
    access: 'operate',
    effect: 'mutation',
    params: { id, reason: z.string().max(limits.nameChars).optional() },
    result: Session,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'session.retry': defineMethod({
    summary: 'Starts an ended session that did not succeed again, with the same command, arguments and environment, as a new session.',
    access: 'operate',
    effect: 'mutation',
    params: { id, environment: Environment.default({}).describe("The client's own environment; the former one is gone by then.") },
    result: Session,
    errors: ['INVALID_TRANSITION', ...startErrors],
  }),
  'session.getData': defineMethod({
    summary: 'One value of the shared data of a session.',
    access: 'read',
    effect: 'read',
    params: { id, key: DataKey },
    result: z.object({ key: z.string(), value: z.unknown() }),
    errors: ['NOT_FOUND'],
  }),
  'session.setData': defineMethod({
    summary: 'Writes one value of the shared data; the last write wins. A process inside a session may write to its own only.',
    access: 'session',
    effect: 'mutation',
    params: { id, key: DataKey, value: z.unknown() },
    result: Ok,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION'],
  }),
  'session.listData': defineMethod({
    summary: 'The shared data of a session, by key.',
    access: 'read',
    effect: 'read',
    params: { id },
    result: z.object({ data: z.record(z.string(), z.unknown()) }),
    errors: ['NOT_FOUND'],
  }),
  'session.remove': defineMethod({
    summary: 'Deletes the record, artifacts and terminal of an ended session; its worktree goes only when that loses nothing.',
    access: 'operate',
    effect: 'mutation',
    params: {
      id,
      cancel: z.boolean().default(false).describe('Cancel a running session first and wait until it has ended.'),
      keepWorktree: z.boolean().default(false).describe('Leave the worktree where it is.'),
      callerDirectory: AbsolutePath.optional().describe('Where the caller stands: never removed from under it.'),
    },
    result: Ok,
    errors: ['NOT_FOUND', 'INVALID_TRANSITION', 'PRECONDITION', 'WORK_AT_RISK', 'TOOL_FAILED'],
  }),
  'session.readOutput': defineMethod({
    summary: 'A range of the output of one step, byte for byte.',
    access: 'read',
    effect: 'read',
    params: {
      id,
      step: z
        .union([idOf('a step', 'coppice show <session>'), z.int().min(1)])
        .optional()
        .describe('Step run id or index; default: the last one that has output.'),
      offset: z.int().default(0).describe('In bytes; negative counts from the end.'),
      limit: z
        .int()
        .min(1)
        .max(limits.readOutputBytes)
        .default(64 * 1024),
      encoding: z.enum(['utf8', 'base64']).default('utf8'),
    },
    result: z.object({
      stepRunId: Id,
      offset: z.int().describe('Where the returned bytes begin.'),
      nextOffset: z.int(),
      size: z.int().describe('Of the whole output so far.'),
      complete: z.boolean().describe('The step has ended and nothing follows nextOffset.'),
      data: z.string().describe('utf8: invalid bytes are replaced and a character cut by the range is left for the next read.'),
    }),
    errors: ['NOT_FOUND'],
  }),
  'session.send': defineMethod({
    summary: 'Types text into the terminal of a session.',
    access: 'operate',
    effect: 'mutation',
    params: { id, text: z.string().max(limits.sendBytes), enter: z.boolean().default(true).describe('Press Enter after it.') },
    result: z.object({ status: z.literal('typed') }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_FAILED', 'TOOL_MISSING'],
  }),
  'session.attach': defineMethod({
    summary: 'The argv to run to watch and use the terminal of a session.',
    access: 'operate',
    effect: 'read',
    params: { id, insideTmux: z.string().max(4096).optional().describe('$TMUX of the caller, when set.') },
    result: z.object({ argv: z.array(z.string()) }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_MISSING'],
  }),
};

export const sessionEvents = {
  'session.created': defineEvent({
    summary: 'A session was accepted and waits for its turn.',
    data: z.object({ slug: z.string(), commandName: z.string(), kind: z.enum(sessionKinds), status: SessionStatus }),
  }),
  'session.started': defineEvent({
    summary: 'A session left the queue and acquires what it needs.',
    data: z.object({ slug: z.string(), commandName: z.string(), status: SessionStatus }),
  }),
  'session.cancelRequested': defineEvent({
    summary: 'Somebody asked a session to end.',
    data: z.object({ reason: z.string().optional() }),
  }),
  'session.finished': defineEvent({
    summary: 'A session ended, however it did.',
    data: z.object({ slug: z.string(), status: SessionStatus, reason: z.string().optional(), exitCode: z.int().optional() }),
  }),
  'session.removed': defineEvent({
    summary: 'The record and artifacts of a session were deleted.',
    data: z.object({ slug: z.string(), commandName: z.string() }),
  }),
  'session.dataSet': defineEvent({
    summary: 'A value of the shared data was written.',
    data: z.object({ key: z.string(), value: z.unknown() }),
  }),
  'session.outputGrew': defineEvent({
    summary: 'The output of a running step grew; read it with session.readOutput.',
    durable: false,
    data: z.object({ stepRunId: Id, index: z.int(), size: z.int() }),
  }),
};
