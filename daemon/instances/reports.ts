// What instances outside of the daemon tell. Each report is a sign of life; what is of no known type is kept as an event.
import { z } from 'zod';
import { Failure } from '../../schemas/errors.ts';
import { type Thread, turnStates } from '../../schemas/instance.ts';
import { limits } from '../../schemas/limits.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Store, Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { beat, disconnect, hasAgentsHere } from './external.ts';
import { type ApplyDeps, applyThreadEvent } from './host-events.ts';
import { isLive } from './machine.ts';
import type { Threads } from './threads.ts';
import { changePrompt, moveInstance, moveThread, setAgentState } from './transition.ts';
import { threadView } from './view.ts';

export interface Reports {
  /** Throws NOT_FOUND, and INVALID_TRANSITION for an instance that has ended or that the daemon drives itself. */
  heartbeat(instanceId: string, origin: Origin): Promise<Done>;
  instance(instanceId: string, report: Report, origin: Origin): Promise<Done>;
  thread(threadId: string, report: Report, origin: Origin): Promise<Done>;
  activity(threadId: string, detail: string | undefined, origin: Origin): Promise<Done>;
  /** Ties a conversation to a work session. Throws ALREADY_EXISTS when it is another's. */
  adopt(workSession: WorkSessionRecord, instanceId: string, externalId: string, origin: Origin): Promise<Thread>;
}

type Done = Record<string, never>;

export interface Report {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const Name = z.string().min(1).max(limits.nameChars);
const shapes = {
  instance_ready: z.object({ capabilities: z.record(z.string(), z.unknown()).optional() }),
  instance_stopped: z.object({ reason: Name.optional() }),
  instance_error: z.object({ message: z.string().min(1).max(limits.errorMessageChars) }),
  thread_created: z.object({ threadId: Name, externalId: Name }),
  thread_status: z.object({ threadId: Name, turn: z.enum(turnStates), promptId: Name.optional(), stopReason: Name.optional() }),
  thread_closed: z.object({ threadId: Name, reason: Name.optional() }),
} as const;
type Shapes = typeof shapes;
type DataOf<T extends keyof Shapes> = z.output<Shapes[T]>;

type ReportDeps = ApplyDeps & { readonly store: Store; readonly threads: Threads };

export function createReports(deps: ReportDeps): Reports {
  const { store } = deps;
  const heard = (w: Writer, instanceId: string): InstanceRecord => {
    assertExternal(w.instances.get(instanceId), instanceId);
    beat(deps, w, instanceId);
    return w.instances.get(instanceId) as InstanceRecord;
  };
  const inThread = (threadId: string, origin: Origin, told: (w: Writer, thread: ThreadRecord) => void): Promise<Done> =>
    store.write((w) => {
      heard(w, threadIn(w, threadId).instanceId);
      told(w, threadIn(w, threadId));
      return settle(w, origin.receipt, {});
    });
  return {
    heartbeat: (instanceId, origin) =>
      store.write((w) => {
        heard(w, instanceId);
        return settle(w, origin.receipt, {});
      }),
    async instance(instanceId, report, origin) {
      assertSize(report);
      return store.write((w) => {
        assertExternal(w.instances.get(instanceId), instanceId);
        // Who runs its agents decides what a sign of life means.
        if (report.type === 'instance_ready') announce(w, instanceId, read('instance_ready', report));
        take(deps, w, heard(w, instanceId), report, origin);
        return settle(w, origin.receipt, {});
      });
    },
    async thread(threadId, report, origin) {
      assertSize(report);
      return inThread(threadId, origin, (w, { instanceId }) => {
        const told = { type: report.type, data: { ...report.data, threadId } };
        take(deps, w, w.instances.get(instanceId) as InstanceRecord, told, origin);
      });
    },
    activity: (threadId, detail, origin) =>
      inThread(threadId, origin, (w, thread) => {
        assertActive(thread);
        applyThreadEvent(deps, w, thread, { kind: 'update', data: { update: { sessionUpdate: 'activity', detail } } });
      }),
    adopt: (workSession, instanceId, externalId, origin) =>
      store.write((w) => {
        const instance = heard(w, instanceId);
        assertOwnAgents(instance);
        const thread = adopted(deps, w, instance, workSession);
        open(deps, w, instance, thread, externalId);
        return settle(w, origin.receipt, threadView(threadIn(w, thread.id)));
      }),
  };
}

function announce(w: Writer, id: string, { capabilities }: DataOf<'instance_ready'>): void {
  const former = (w.instances.get(id) as InstanceRecord).capabilities;
  if (capabilities) w.instances.change(id, { capabilities: { ...former, ...capabilities } });
}

function take(deps: ReportDeps, w: Writer, instance: InstanceRecord, report: Report, origin: Origin): void {
  const now = deps.clock.now();
  const { id, adapter, projectId, specTaskId } = instance;
  const mine = (threadId: string): ThreadRecord => {
    assertOwnAgents(instance);
    const thread = threadIn(w, threadId);
    if (thread.instanceId === id) return thread;
    throw new Failure('NOT_FOUND', `Instance "${id}" has no thread "${threadId}".`, { details: { entity: 'thread', id: threadId } });
  };
  switch (report.type) {
    case 'instance_ready':
      // With agents of its own it is ready by that; else its host begins because this is told.
      if (!hasAgentsHere(w.instances.get(id) as InstanceRecord)) return;
      break;
    case 'instance_stopped': {
      const { reason = 'its editor stopped' } = read('instance_stopped', report);
      disconnect(deps, w, id, reason);
      moveInstance(w, id, { to: 'stopped', reason }, now);
      return;
    }
    case 'thread_created': {
      const { threadId, externalId } = read('thread_created', report);
      open(deps, w, instance, mine(threadId), externalId);
      return;
    }
    case 'thread_status': {
      const told = read('thread_status', report);
      turned(deps, w, mine(told.threadId), told);
      return;
    }
    case 'thread_closed': {
      const { threadId, reason = 'its editor closed it' } = read('thread_closed', report);
      closed(deps, w, mine(threadId), reason);
      return;
    }
    case 'instance_error':
      w.instances.change(id, { lastError: read('instance_error', report).message });
  }
  const data = { instanceId: id, adapter, type: report.type, data: { ...report.data } };
  w.events.append({ type: 'instance.reported', subject: { projectId, specTaskId }, actor: origin.actor, data });
}

function open(deps: ReportDeps, w: Writer, instance: InstanceRecord, thread: ThreadRecord, externalId: string): void {
  const owner = w.threads.byExternalId(instance.id, externalId);
  if (owner && owner.id !== thread.id) {
    throw new Failure('ALREADY_EXISTS', `The conversation "${externalId}" is that of thread "${owner.id}"; close it there first.`, {
      details: { entity: 'thread', id: owner.id },
    });
  }
  const now = deps.clock.now();
  const change = { externalId, lastActivityAt: now, ...(thread.status === 'active' ? {} : { generation: thread.generation + 1 }) };
  moveThread(w, thread.id, { to: 'active', change }, now);
  if (thread.turn === 'idle') setAgentState(w, thread.id, { state: 'idle', source: 'protocol' }, now);
}

/** The same as what a host tells of its agents. A prompt is begun once. */
function turned(
  deps: ReportDeps,
  w: Writer,
  thread: ThreadRecord,
  { turn, promptId, stopReason = 'end_turn' }: DataOf<'thread_status'>,
): void {
  assertActive(thread);
  const now = deps.clock.now();
  const current = w.prompts.openOf(thread.id).find(({ status }) => status === 'submitted');
  if (turn === 'idle') {
    if (thread.turn === 'idle') return;
    const data = { promptId: promptId ?? current?.id ?? thread.id, stopReason, cancelled: stopReason === 'cancelled' };
    applyThreadEvent(deps, w, thread, { kind: 'turn.finished', data });
    return;
  }
  if (thread.turn === 'idle') begin(deps, w, thread, promptId);
  if (turn === 'requires_action') {
    w.threads.change(thread.id, { turn });
    setAgentState(w, thread.id, { state: 'waiting_input', source: 'protocol' }, now);
  } else if (thread.turn === 'requires_action') {
    w.threads.change(thread.id, { turn });
    setAgentState(w, thread.id, { state: 'working', source: 'protocol' }, now);
  }
}

function begin(deps: ReportDeps, w: Writer, thread: ThreadRecord, promptId: string | undefined): void {
  const prompt = promptId === undefined ? undefined : w.prompts.get(promptId);
  if (promptId !== undefined && (prompt?.threadId !== thread.id || prompt.status !== 'queued')) {
    throw new Failure('INVALID_TRANSITION', `Prompt "${promptId}" does not wait for this thread; it is begun once.`, {
      details: { from: prompt?.status ?? 'absent', to: 'submitted', allowed: [] },
    });
  }
  if (prompt) changePrompt(w, prompt, { status: 'submitted', attempts: prompt.attempts + 1 });
  // A turn that somebody began in the editor has no prompt here; it is told by its thread.
  applyThreadEvent(deps, w, thread, { kind: 'turn.started', data: { promptId: promptId ?? thread.id } });
  if (prompt) {
    const proof = 'its editor began the turn';
    changePrompt(w, { ...prompt, status: 'submitted' }, { status: 'accepted', proof, settledAt: deps.clock.now() });
  }
}

function closed(deps: ReportDeps, w: Writer, thread: ThreadRecord, reason: string): void {
  if (thread.status !== 'active') return;
  applyThreadEvent(deps, w, thread, { kind: 'thread.exited', data: { exitCode: null, signal: reason } });
}

function adopted({ threads }: ReportDeps, w: Writer, instance: InstanceRecord, workSession: WorkSessionRecord): ThreadRecord {
  const { id: workSessionId, specTaskId, sessionId, agent, name } = workSession;
  if (specTaskId !== instance.specTaskId || sessionId === undefined) {
    const why = sessionId === undefined ? 'it has no session yet' : `instance "${instance.id}" serves another spec task`;
    throw new Failure('INVALID_TRANSITION', `Work session "${name}" takes no conversation: ${why}.`, {
      details: { from: workSession.status, to: 'active', allowed: [] },
    });
  }
  return threads.ensure(w, { specTaskId, workSessionId, sessionId, agent });
}

function threadIn(w: Writer, id: string): ThreadRecord {
  const thread = w.threads.get(id);
  if (thread) return thread;
  throw new Failure('NOT_FOUND', `There is no thread "${id}"; thread.list shows them.`, { details: { entity: 'thread', id } });
}

function assertExternal(instance: InstanceRecord | undefined, id: string): void {
  if (!instance)
    throw new Failure('NOT_FOUND', `There is no instance "${id}"; instance.list shows them.`, { details: { entity: 'instance', id } });
  const { status, adapter } = instance;
  if (adapter === 'zed' && isLive(status) && status !== 'stopping') return;
  const why = adapter === 'zed' ? `it is ${status}` : 'the daemon drives it itself';
  throw new Failure('INVALID_TRANSITION', `Instance "${id}" takes no reports: ${why}.`, {
    details: { from: status, to: 'ready', allowed: [] },
  });
}

function assertOwnAgents(instance: InstanceRecord): void {
  if (!hasAgentsHere(instance)) return;
  throw new Failure('INVALID_TRANSITION', `Instance "${instance.id}" takes no reports of threads: the daemon runs its agents.`, {
    details: { from: instance.status, to: 'ready', allowed: [] },
  });
}

function assertActive({ id, status }: ThreadRecord): void {
  if (status === 'active') return;
  throw new Failure('INVALID_TRANSITION', `Thread "${id}" is ${status}; report thread_created first.`, {
    details: { from: status, to: 'active', allowed: ['active'] },
  });
}

function read<T extends keyof Shapes>(type: T, { data }: Report): DataOf<T> {
  const parsed = shapes[type].safeParse(data);
  if (parsed.success) return parsed.data as DataOf<T>;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: ['data', ...path], message }));
  throw new Failure('INVALID_PARAMS', `The data of a report "${type}" is wrong: ${issues[0]?.path.join('.')} ${issues[0]?.message}.`, {
    details: { issues },
  });
}

function assertSize(report: Report): void {
  const value = Buffer.byteLength(JSON.stringify(report));
  if (value <= limits.reportBytes) return;
  throw new Failure(
    'LIMIT_EXCEEDED',
    `The report "${report.type}" has ${value} bytes, over the limit of ${limits.reportBytes}; tell less.`,
    {
      details: { limit: limits.reportBytes, value },
    },
  );
}
