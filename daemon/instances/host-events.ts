// What a host tells, written down: each event once, in one transaction with its number.

import type { HostEvent, HostEventData } from '../agents/host/protocol.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { ResolvedAgent } from '../models/registry.ts';
import type { Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';
import { hasEnded } from './machine.ts';
import { recordPermission, withdraw } from './permissions.ts';
import type { Threads } from './threads.ts';
import { moveThread, setAgentState, threadSubject } from './transition.ts';
import { proven, turnFailed, turnFinished } from './turn-ends.ts';

export interface ApplyDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly attention: AttentionService;
  readonly threads: Threads;
  readonly permissionsOf: (agent: string) => ResolvedAgent['permissions'];
}

const { actor } = byDaemon;

/** Does it change a row? What only streams by is told to those who watch and is no fact of the store. */
export function isFact(event: HostEvent, thread: ThreadRecord | undefined, now: number): boolean {
  if (event.kind !== 'update') return true;
  if (!thread) return false;
  const { sessionUpdate } = event.data.update as { sessionUpdate?: string };
  return sessionUpdate === 'plan' || thread.agentState?.state !== 'working' || now - (thread.lastActivityAt ?? 0) > 5_000;
}

export function applyHostEvent(deps: ApplyDeps, w: Writer, instanceId: string, event: HostEvent): void {
  const instance = w.instances.get(instanceId) as InstanceRecord;
  if (event.seq <= instance.lastEventSeq) return;
  const now = deps.clock.now();
  // What its agents do is no sign of life of an editor.
  w.instances.change(instanceId, { lastEventSeq: event.seq, ...(instance.adapter === 'zed' ? {} : { lastHeartbeatAt: now }) });
  if (event.kind === 'host.started') {
    hostStarted(deps, w, instanceId, event.data.pid);
    return;
  }
  const thread = event.threadId === undefined ? undefined : w.threads.get(event.threadId);
  if (thread?.instanceId === instanceId) applyThreadEvent(deps, w, thread, event);
}

/** What happened to a thread, whoever tells it. */
export function applyThreadEvent(deps: ApplyDeps, w: Writer, thread: ThreadRecord, event: Pick<HostEvent, 'kind' | 'data'>): void {
  const now = deps.clock.now();
  const { kind, data } = event as HostEvent;
  switch (kind) {
    case 'thread.opened':
      opened(w, thread, data, now);
      break;
    case 'thread.openFailed':
      openFailed(deps, w, thread, data);
      break;
    case 'turn.started':
      w.threads.change(thread.id, { turn: 'running', lastActivityAt: now });
      setAgentState(w, thread.id, { state: 'working', source: 'protocol' }, now);
      tellTurn(w, thread, data.promptId);
      break;
    case 'update':
      progressed(w, thread, data.update, now);
      break;
    case 'permission.requested':
      proven(w, thread, 'it asked for permission', now);
      recordPermission(w, deps, thread, data, deps.permissionsOf(thread.agent));
      followPermissions(w, thread.id, now);
      break;
    case 'permission.settled':
      permissionSettled(deps, w, thread, data);
      break;
    case 'turn.finished':
      if (thread.turn !== 'idle') turnFinished(deps, w, thread, data);
      break;
    case 'turn.failed':
      // One that was closed is over already; a prompt that nothing proves began none.
      if (thread.turn !== 'idle' || data.code === 'timeout') turnFailed(deps, w, thread, data);
      break;
    case 'thread.exited':
      exited(w, thread, data, now);
      break;
    case 'notice':
  }
}

/** A new host: the agents of the one before are dead, and so is what they asked. */
function hostStarted({ attention, clock }: ApplyDeps, w: Writer, instanceId: string, pid: number): void {
  w.instances.change(instanceId, { pid });
  for (const thread of w.threads.ofInstance(instanceId)) {
    for (const permission of w.permissions.pendingOf(thread.id))
      withdraw(w, { attention, now: clock.now() }, permission, 'its agent ended');
    if (thread.status === 'active')
      moveThread(w, thread.id, { to: 'disconnected', reason: 'its agent host was started again' }, clock.now());
  }
}

function opened(
  w: Writer,
  thread: ThreadRecord,
  { externalId, generation, modes, models }: HostEventData<'thread.opened'>,
  now: number,
): void {
  if (hasEnded(thread.status) || generation < thread.generation) return;
  moveThread(w, thread.id, { to: 'active', change: { externalId, generation, wakeAt: null } }, now);
  const { capabilities } = w.instances.get(thread.instanceId) as InstanceRecord;
  w.instances.change(thread.instanceId, { capabilities: { ...capabilities, modes: modes ?? null, models: models ?? null } });
  setAgentState(w, thread.id, { state: 'idle', source: 'protocol' }, now);
}

function openFailed(
  { attention, threads, clock }: ApplyDeps,
  w: Writer,
  thread: ThreadRecord,
  data: HostEventData<'thread.openFailed'>,
): void {
  if (data.generation < thread.generation) return;
  if (data.code === 'gone') {
    // The proof that the conversation is gone: the next one is new.
    w.threads.change(thread.id, { externalId: null });
    return;
  }
  if (data.code === 'auth_required') {
    attention.raise(w, {
      ...{ kind: 'login_required', refId: thread.id, title: `The agent "${thread.agent}" asks for a login`, detail: data.message },
      ...{
        remedy: `log in with the program of "${thread.agent}", then: coppice task retry ${thread.specTaskId}`,
        specTaskId: thread.specTaskId,
      },
    });
  }
  // The same conversation would be refused again: it is told, and whoever tries again begins another.
  const isSpent = data.code === 'not_resumed';
  const message = isSpent ? `it did not open its conversation again: ${data.message}; the next attempt begins a new one` : data.message;
  w.threads.change(thread.id, { lastStopReason: message.slice(0, 1_000), ...(isSpent ? { externalId: null } : {}) });
  threads.close(w, thread.id, 'failed', `the agent "${thread.agent}" could not be started: ${message}`);
  setAgentState(w, thread.id, { state: 'exited', source: 'protocol', detail: message.slice(0, 500) }, clock.now());
}

function tellTurn(w: Writer, thread: ThreadRecord, promptId: string): void {
  const { workSessionId } = thread;
  const data = { threadId: thread.id, promptId, ...(workSessionId === undefined ? {} : { workSessionId }) };
  w.events.append({ type: 'thread.turnStarted', subject: threadSubject(w, thread), actor, data });
}

function progressed(w: Writer, thread: ThreadRecord, update: unknown, now: number): void {
  const { sessionUpdate, entries } = update as { sessionUpdate?: string; entries?: readonly { status?: string }[] };
  const isPlan = sessionUpdate === 'plan' && Array.isArray(entries) && entries.length > 0;
  const ticked = isPlan ? { ticked: entries.filter(({ status }) => status === 'completed').length / entries.length } : {};
  w.threads.change(thread.id, { lastActivityAt: now, ...ticked });
  if (thread.turn === 'idle') return;
  proven(w, thread, 'the agent answers', now);
  if (thread.turn === 'running') setAgentState(w, thread.id, { state: 'working', source: 'protocol' }, now);
}

function followPermissions(w: Writer, threadId: string, now: number): void {
  const asks = w.permissions.pendingOf(threadId);
  w.threads.change(threadId, { turn: asks.length > 0 ? 'requires_action' : 'running', lastActivityAt: now });
  const [first] = asks;
  setAgentState(
    w,
    threadId,
    first
      ? { state: 'waiting_permission', source: 'protocol', detail: first.title.slice(0, 500) }
      : { state: 'working', source: 'protocol' },
    now,
  );
}

function permissionSettled(
  { attention, clock }: ApplyDeps,
  w: Writer,
  thread: ThreadRecord,
  data: HostEventData<'permission.settled'>,
): void {
  const record = w.permissions.byKey(thread.id, data.requestKey);
  if (!record) return;
  if (record.status === 'pending') withdraw(w, { attention, now: clock.now() }, record, 'the agent asks no more');
  w.permissions.change(record.id, { settled: true });
  if (thread.turn !== 'idle') followPermissions(w, thread.id, clock.now());
}

function exited(w: Writer, thread: ThreadRecord, { exitCode, signal }: HostEventData<'thread.exited'>, now: number): void {
  setAgentState(w, thread.id, { state: 'exited', source: 'exit', detail: signal ?? `exit code ${exitCode}` }, now);
  if (thread.status === 'active')
    moveThread(w, thread.id, { to: 'disconnected', reason: `its agent ended with ${signal ?? `exit code ${exitCode}`}` }, now);
}
