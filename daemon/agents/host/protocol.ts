// What a daemon and its agent hosts say to each other: JSON-RPC 2.0 in lines on the socket of the host, and the events that the host keeps.
import { z } from 'zod';
import { defineMethod } from '../../../schemas/define.ts';
import { optionKinds } from '../../../schemas/permission.ts';
import { McpServer } from '../../../schemas/work-session.ts';

const ThreadId = z.string().min(1).max(64);
const Data = z.record(z.string(), z.unknown());

/**
 * Why a turn or the opening of a thread failed. `gone`: the agent knows no conversation of that name; `not_resumed`: it has, or may have,
 * the conversation, and does not open it.
 */
export const failureCodes = [
  ...['spawn', 'auth_required', 'gone', 'not_resumed', 'timeout', 'protocol', 'rate_limited', 'exited', 'error'],
] as const;
export type FailureCode = (typeof failureCodes)[number];
const Code = z.enum(failureCodes);

const threadId = ThreadId;
const promptId = z.string();

/** By kind. Written down before they are told; a kind that a newer host has is kept as it is. */
export const hostEvents = {
  'host.started': z.object({ pid: z.int() }),
  'thread.opened': z.object({
    generation: z.int(),
    externalId: z.string(),
    how: z.enum(['new', 'load', 'resume']),
    agentPid: z.int(),
    capabilities: Data,
    modes: z.unknown().optional(),
    models: z.unknown().optional(),
  }),
  'thread.openFailed': z.object({ generation: z.int(), code: Code, message: z.string(), methods: z.array(z.unknown()).optional() }),
  'turn.started': z.object({ promptId }),
  update: z.object({ update: z.unknown() }),
  'permission.requested': z.object({
    requestKey: z.string(),
    title: z.string(),
    toolCall: z.unknown(),
    options: z.array(z.object({ optionId: z.string(), name: z.string(), kind: z.enum(optionKinds) })),
  }),
  'permission.settled': z.object({ requestKey: z.string(), how: z.enum(['answered', 'withdrawn']), optionId: z.string().optional() }),
  'turn.finished': z.object({
    promptId,
    stopReason: z.string(),
    cancelled: z.boolean(),
    usage: z.unknown().optional(),
    empty: z.boolean().optional(),
  }),
  'turn.failed': z.object({ promptId, code: Code, message: z.string(), wakeAt: z.number().optional() }),
  'thread.exited': z.object({ exitCode: z.int().nullable(), signal: z.string().nullable() }),
  notice: z.object({ text: z.string(), data: z.unknown().optional() }),
} as const;

export type HostEventKind = keyof typeof hostEvents;
export type HostEventData<K extends HostEventKind> = z.output<(typeof hostEvents)[K]>;

export type HostEvent = {
  [K in HostEventKind]: {
    readonly seq: number;
    readonly at: number;
    readonly kind: K;
    readonly threadId?: string;
    readonly data: HostEventData<K>;
  };
}[HostEventKind];

export const HostEventLine = z.object({ seq: z.int(), at: z.number(), kind: z.string(), threadId: ThreadId.optional(), data: z.unknown() });

const Empty = z.object({});
const order = <S extends z.ZodRawShape, R extends z.ZodType>(summary: string, params: S, result: R) =>
  defineMethod({ summary, access: 'public', effect: 'mutation', params, result });

export const hostMethods = {
  open: order(
    'Starts the agent of a thread and opens its conversation; what comes of it is told as an event.',
    {
      threadId,
      generation: z.int(),
      argv: z.array(z.string()).min(1),
      cwd: z.string(),
      env: z.record(z.string(), z.string()),
      externalId: z.string().optional(),
      mode: z.string().optional(),
      model: z.string().optional(),
      mcpServers: z.array(McpServer).optional(),
    },
    Empty,
  ),
  prompt: order(
    'Begins a turn. A prompt that the log knows is no second turn.',
    { threadId, promptId, content: z.string() },
    z.object({ known: z.boolean() }),
  ),
  cancel: order('Ends the running turn.', { threadId }, Empty),
  close: order('Ends the agent of a thread.', { threadId }, Empty),
  permit: order(
    'Answers a request for permission; without an option it is cancelled.',
    { threadId, requestKey: z.string(), optionId: z.string().optional() },
    Empty,
  ),
  configure: order('Chooses mode or model.', { threadId, mode: z.string().optional(), model: z.string().optional() }, Empty),
  subscribe: order('Tells all events after `since`, then goes on.', { since: z.int().min(0) }, z.object({ lastSeq: z.int() })),
  status: order('What runs.', {}, z.object({ pid: z.int(), lastSeq: z.int(), threads: z.array(z.string()) })),
  shutdown: order('Ends all agents, then the host.', {}, Empty),
};
export type HostMethods = typeof hostMethods;
export type HostParams<M extends keyof HostMethods> = z.output<HostMethods[M]['own']>;

export const eventsFile = 'events.ndjson';
export const socketFile = 'host.sock';
