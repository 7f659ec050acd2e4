// Instances and their threads, prompts and permissions: what the daemon knows of agents.
import type { Instance, Thread } from '../../../schemas/instance.ts';
import type { Permission } from '../../../schemas/permission.ts';
import type { Prompt } from '../../../schemas/prompt.ts';
import type { Db } from '../database.ts';
import { type Change, defineTable } from './table.ts';

export interface InstanceRecord extends Omit<Instance, 'createdAt' | 'endedAt' | 'lastHeartbeatAt' | 'threadSummary' | 'terminalName'> {
  readonly createdAt: number;
  readonly endedAt?: number;
  readonly lastHeartbeatAt?: number;
  readonly terminalId?: string;
  /** The last event of the host that is in the store. */
  readonly lastEventSeq: number;
  /** With lost: when it is started again. */
  readonly restartAt?: number;
  /** Somebody asked for its host to be started again. */
  readonly restartRequestedAt?: number;
}

export interface ThreadRecord extends Omit<Thread, 'createdAt' | 'endedAt' | 'lastActivityAt'> {
  readonly createdAt: number;
  readonly endedAt?: number;
  readonly lastActivityAt?: number;
  /** Nothing is opened or sent before: its agent process died, or met a usage limit. */
  readonly wakeAt?: number;
  /** Since when its running turn is to end. */
  readonly cancelRequestedAt?: number;
}

export interface PromptRecord extends Omit<Prompt, 'createdAt' | 'settledAt' | 'workSessionId'> {
  /** Absent for prompts of the thread that plans. */
  readonly workSessionId?: string;
  readonly createdAt: number;
  readonly settledAt?: number;
}

export interface PermissionRecord extends Omit<Permission, 'requestedAt' | 'answeredAt'> {
  /** As the host calls it; unique within a thread. */
  readonly requestKey: string;
  readonly requestedAt: number;
  readonly answeredAt?: number;
  /** The host needs no answer any more. */
  readonly settled: boolean;
}

const instances = defineTable<InstanceRecord>({
  name: 'instances',
  fields: [
    ...(['id', 'specTaskId', 'projectId', 'adapter', 'status', 'pid', 'terminalId', 'lastHeartbeatAt', 'restartCount'] as const),
    ...(['capabilities', 'lastEventSeq', 'restartAt', 'restartRequestedAt', 'lastError', 'createdAt', 'endedAt', 'version'] as const),
  ],
  json: ['capabilities'],
});

const threads = defineTable<ThreadRecord>({
  name: 'threads',
  fields: [
    ...(['id', 'specTaskId', 'workSessionId', 'sessionId', 'instanceId', 'agent', 'externalId', 'status', 'turn'] as const),
    ...([
      'generation',
      'turns',
      'lastStopReason',
      'lastTurnInterrupted',
      'ticked',
      'agentState',
      'lastActivityAt',
      'wakeAt',
      'cancelRequestedAt',
      'createdAt',
      'endedAt',
      'version',
    ] as const),
  ],
  json: ['agentState'],
  flags: ['lastTurnInterrupted'],
});

const prompts = defineTable<PromptRecord>({
  name: 'prompts',
  fields: [
    ...(['id', 'threadId', 'workSessionId', 'content', 'interrupt', 'status', 'proof', 'failure', 'attempts', 'origin'] as const),
    ...(['createdAt', 'settledAt'] as const),
  ],
  flags: ['interrupt'],
});

const permissions = defineTable<PermissionRecord>({
  name: 'permissions',
  fields: [
    ...(['id', 'threadId', 'specTaskId', 'workSessionId', 'requestKey', 'title', 'toolCall', 'options', 'status'] as const),
    ...(['answer', 'answeredBy', 'requestedAt', 'answeredAt', 'settled'] as const),
  ],
  json: ['toolCall', 'options'],
  flags: ['settled'],
});

export interface InstanceReader {
  get(id: string): InstanceRecord | undefined;
  liveOf(specTaskId: string): InstanceRecord | undefined;
  live(): InstanceRecord[];
  list(specTaskId: string | undefined, onlyLive: boolean, cursor: string, limit: number): InstanceRecord[];
}
export interface InstanceWriter extends InstanceReader {
  insert(instance: InstanceRecord): void;
  change(id: string, change: Change<InstanceRecord>): void;
}

const liveStatuses = "status IN ('starting', 'ready', 'stale', 'lost', 'stopping')";

export function createInstanceReader(db: Db): InstanceReader {
  const { one, select, page } = instances(db);
  return {
    get: one('id = ?'),
    liveOf: one(`spec_task_id = ? AND ${liveStatuses}`),
    live: select(`${liveStatuses} ORDER BY id`),
    list: (specTaskId, onlyLive, cursor, limit) =>
      page(
        [
          ...(specTaskId === undefined ? [] : [['spec_task_id = ?', specTaskId] as const]),
          ...(onlyLive ? [[`${liveStatuses} AND 1 = ?`, 1] as const] : []),
        ],
        cursor,
        limit,
      ),
  };
}

export function createInstanceWriter(db: Db): InstanceWriter {
  const reader = createInstanceReader(db);
  const { insert, change } = instances(db);
  return { ...reader, insert, change: (id, changes) => change(id, { ...changes, version: (reader.get(id)?.version ?? 0) + 1 }) };
}

export interface ThreadReader {
  get(id: string): ThreadRecord | undefined;
  ofWorkSession(workSessionId: string): ThreadRecord | undefined;
  /** The one that plans. */
  planning(specTaskId: string): ThreadRecord | undefined;
  byExternalId(instanceId: string, externalId: string): ThreadRecord | undefined;
  ofInstance(instanceId: string): ThreadRecord[];
  ofSpecTask(specTaskId: string): ThreadRecord[];
  list(filter: { instanceId?: string | undefined; specTaskId?: string | undefined }, cursor: string, limit: number): ThreadRecord[];
}
export interface ThreadWriter extends ThreadReader {
  insert(thread: ThreadRecord): void;
  change(id: string, change: Change<ThreadRecord>): void;
}

export function createThreadReader(db: Db): ThreadReader {
  const { one, select, page } = threads(db);
  return {
    get: one('id = ?'),
    ofWorkSession: one('work_session_id = ?'),
    planning: one('spec_task_id = ? AND work_session_id IS NULL ORDER BY id DESC'),
    byExternalId: one('instance_id = ? AND external_id = ?'),
    ofInstance: select('instance_id = ? ORDER BY id'),
    ofSpecTask: select('spec_task_id = ? ORDER BY id'),
    list: ({ instanceId, specTaskId }, cursor, limit) =>
      page(
        [
          ...(instanceId === undefined ? [] : [['instance_id = ?', instanceId] as const]),
          ...(specTaskId === undefined ? [] : [['spec_task_id = ?', specTaskId] as const]),
        ],
        cursor,
        limit,
      ),
  };
}

export function createThreadWriter(db: Db): ThreadWriter {
  const reader = createThreadReader(db);
  const { insert, change } = threads(db);
  return { ...reader, insert, change: (id, changes) => change(id, { ...changes, version: (reader.get(id)?.version ?? 0) + 1 }) };
}

export interface PromptReader {
  get(id: string): PromptRecord | undefined;
  /** The newest of a thread that left. */
  lastSent(threadId: string): PromptRecord | undefined;
  /** Not settled, oldest first. */
  openOf(threadId: string): PromptRecord[];
  openOfWorkSession(workSessionId: string): PromptRecord[];
  list(workSessionId: string, cursor: string, limit: number): PromptRecord[];
}
export interface PromptWriter extends PromptReader {
  insert(prompt: PromptRecord): void;
  change(id: string, change: Change<PromptRecord>): void;
}

const open = "status IN ('queued', 'typed', 'submitted')";

export function createPromptReader(db: Db): PromptReader {
  const { one, select, page } = prompts(db);
  return {
    get: one('id = ?'),
    lastSent: one("thread_id = ? AND status IN ('submitted', 'accepted') ORDER BY id DESC"),
    openOf: select(`thread_id = ? AND ${open} ORDER BY id`),
    openOfWorkSession: select(`work_session_id = ? AND ${open} ORDER BY id`),
    list: (workSessionId, cursor, limit) => page([['work_session_id = ?', workSessionId]], cursor, limit),
  };
}

export function createPromptWriter(db: Db): PromptWriter {
  const { insert, change } = prompts(db);
  return { ...createPromptReader(db), insert, change };
}

export interface PermissionReader {
  get(id: string): PermissionRecord | undefined;
  byKey(threadId: string, requestKey: string): PermissionRecord | undefined;
  pendingOf(threadId: string): PermissionRecord[];
  /** Those that the host waits for, answered or not. */
  unsettledOf(threadId: string): PermissionRecord[];
  list(filter: { specTaskId?: string | undefined; status?: string | undefined }, cursor: string, limit: number): PermissionRecord[];
}
export interface PermissionWriter extends PermissionReader {
  insert(permission: PermissionRecord): void;
  change(id: string, change: Change<PermissionRecord>): void;
}

export function createPermissionReader(db: Db): PermissionReader {
  const { one, select, page } = permissions(db);
  return {
    get: one('id = ?'),
    byKey: one('thread_id = ? AND request_key = ?'),
    pendingOf: select("thread_id = ? AND status = 'pending' ORDER BY id"),
    unsettledOf: select('thread_id = ? AND settled = 0 ORDER BY id'),
    list: ({ specTaskId, status }, cursor, limit) =>
      page(
        [
          ...(specTaskId === undefined ? [] : [['spec_task_id = ?', specTaskId] as const]),
          ...(status === undefined ? [] : [['status = ?', status] as const]),
        ],
        cursor,
        limit,
      ),
  };
}

export function createPermissionWriter(db: Db): PermissionWriter {
  const { insert, change } = permissions(db);
  return { ...createPermissionReader(db), insert, change };
}
