// What the events of a host mean for the rows. Each is applied in the transaction that moves the cursor past it, so each counts once.
import type { HostEvent, HostEventData } from '../agents/host/protocol.ts';
import type { Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';
import { restartDelaysMs } from './machine.ts';
import { type PermissionDeps, requestPermission, settlePermission } from './permissions.ts';
import { changePrompt } from './prompts.ts';
import { changeThread, freshInstance, freshThread, moveInstance, moveThread, threadData, threadSubject } from './transition.ts';
import { currentPrompt, endTurn } from './turns.ts';

export interface HostEventDeps extends PermissionDeps {
  /** Waits before each restart in a row. */
  readonly restartDelaysMs?: readonly number[];
}

/** A usage limit whose end the agent does not tell is tried again after this. */
const unknownLimitMs = 15 * 60_000;
const actor = 'daemon';
const protocol = { source: 'protocol' } as const;

export function applyHostEvents(deps: HostEventDeps, w: Writer, instanceId: string, events: readonly HostEvent[], now: number): void {
  for (const event of events) {
    const instance = freshInstance(w, instanceId);
    if (event.seq <= instance.lastEventSeq) continue;
    w.instances.change(instanceId, { lastEventSeq: event.seq });
    const thread = event.threadId === undefined ? undefined : w.threads.get(event.threadId);
    if (event.kind === 'host.started') hostStarted(w, instance, event.data.pid, now);
    else if (thread?.instanceId === instanceId) applyToThread(deps, w, thread, event, now);
  }
}

/** A host that has begun has no agents yet. */
function hostStarted(w: Writer, instance: InstanceRecord, pid: number, now: number): void {
  const change = { pid, lastHeartbeatAt: now, restartAt: null };
  if (instance.status === 'starting' || instance.status === 'lost') moveInstance(w, instance.id, 'ready', { actor, now }, change);
  else w.instances.change(instance.id, change);
  for (const { id, status } of w.threads.ofInstance(instance.id))
    if (status === 'active') moveThread(w, id, 'disconnected', { actor, now, reason: 'its host began anew', evidence: { source: 'exit' } });
}

function applyToThread(deps: HostEventDeps, w: Writer, thread: ThreadRecord, event: HostEvent, now: number): void {
  switch (event.kind) {
    case 'thread.opened':
      return opened(w, thread, event.data, now);
    case 'thread.openFailed':
      return openFailed(deps, w, thread, event.data, now);
    case 'turn.started':
      return turnStarted(w, thread, event.data.promptId, now);
    case 'update':
      return updated(deps, w, thread, event.data.update, now);
    case 'permission.requested':
      return requestPermission(deps, w, thread, event.data, now);
    case 'permission.settled':
      return permissionSettled(deps, w, thread, event.data, now);
    case 'turn.finished':
      return turnFinished(deps, w, thread, event.data, now);
    case 'turn.failed':
      return turnFailed(deps, w, thread, event.data, now);
    case 'thread.exited':
      return exited(deps, w, thread, event.data, now);
  }
}

function hasEnded({ status }: ThreadRecord): boolean {
  return status === 'completed' || status === 'failed';
}

function opened(w: Writer, thread: ThreadRecord, data: HostEventData<'thread.opened'>, now: number): void {
  if (hasEnded(thread)) return;
  const { externalId, generation, capabilities, modes, models } = data;
  const offered = { ...capabilities, ...(modes === undefined ? {} : { modes }), ...(models === undefined ? {} : { models }) };
  const instance = freshInstance(w, thread.instanceId);
  w.instances.change(instance.id, { capabilities: { ...instance.capabilities, [thread.agent]: offered } });
  const change = { externalId, generation, wakeAt: null, lastActivityAt: now };
  moveThread(w, thread.id, 'active', { actor, now, reason: data.how, evidence: protocol, change });
}

function openFailed(deps: HostEventDeps, w: Writer, thread: ThreadRecord, data: HostEventData<'thread.openFailed'>, now: number): void {
  if (hasEnded(thread) || thread.status === 'active' || data.generation !== thread.generation) return;
  const { code, message } = data;
  // Proof that the conversation is no more: the next one begins anew.
  if (code === 'gone') {
    changeThread(w, thread.id, { externalId: null, wakeAt: now }, { source: 'protocol', detail: message }, now);
    return;
  }
  if (code === 'auth_required') return loginRequired(deps, w, thread, message, now);
  if (code === 'spawn') return failThread(w, thread, message, now);
  reopenLater(deps, w, thread, message, now);
}

/** Opened again after a while, as long as the budget of the instance lasts. */
export function reopenLater({ restartDelaysMs: delays = restartDelaysMs }: HostEventDeps, w: Writer, thread: ThreadRecord, why: string, now: number): void {
  const { id, restartCount } = freshInstance(w, thread.instanceId);
  const delayMs = delays[restartCount];
  if (delayMs === undefined) return failThread(w, thread, `${why} (tried ${restartCount} times again)`, now);
  w.instances.change(id, { restartCount: restartCount + 1 });
  const change = { wakeAt: now + delayMs };
  moveThread(w, thread.id, 'disconnected', { actor, now, reason: why, evidence: { source: 'exit', detail: why }, change });
}

export function failThread(w: Writer, thread: ThreadRecord, why: string, now: number): void {
  const change = { lastStopReason: why, turn: 'idle' } as const;
  moveThread(w, thread.id, 'failed', { actor, now, reason: why, evidence: { source: 'exit', detail: why }, change });
}

/** Nothing is retried: only a human can log in. */
function loginRequired(deps: HostEventDeps, w: Writer, thread: ThreadRecord, message: string, now: number): void {
  const { agent, id } = thread;
  deps.attention.raise(w, {
    ...{ kind: 'login_required', refId: thread.workSessionId ?? id, title: `The agent "${agent}" wants you to log in`, detail: message },
    ...{ remedy: `log in by the agent's own program, then retry`, ...threadSubject(w, thread) },
  });
  failThread(w, thread, `login required: ${message}`, now);
}

function turnStarted(w: Writer, thread: ThreadRecord, promptId: string, now: number): void {
  const prompt = w.prompts.get(promptId);
  if (!prompt || hasEnded(thread)) return;
  if (prompt.status === 'submitted') changePrompt(w, prompt, { proof: 'host: written to the agent' }, now);
  changeThread(w, thread.id, { turn: 'running', lastActivityAt: now }, protocol, now);
  const data = { ...threadData(thread), promptId };
  w.events.append({ type: 'thread.turnStarted', subject: threadSubject(w, thread), actor, data });
}

interface Update {
  readonly sessionUpdate?: unknown;
  readonly entries?: readonly { readonly status?: unknown }[];
}

function updated(deps: HostEventDeps, w: Writer, thread: ThreadRecord, update: unknown, now: number): void {
  if (hasEnded(thread)) return;
  const { sessionUpdate = 'update', entries } = (update ?? {}) as Update;
  const prompt = currentPrompt(w, thread);
  if (prompt?.status === 'submitted') changePrompt(w, prompt, { status: 'accepted', proof: `protocol: ${String(sessionUpdate)}` }, now);
  const done = sessionUpdate === 'plan' && Array.isArray(entries) && entries.length > 0;
  const ticked = done ? { ticked: entries.filter(({ status }) => status === 'completed').length / entries.length } : {};
  changeThread(w, thread.id, { lastActivityAt: now, ...ticked }, { source: 'protocol', detail: String(sessionUpdate) }, now);
  deps.attention.settleAbout(w, thread.id, actor, 'silent');
}

function permissionSettled(deps: HostEventDeps, w: Writer, thread: ThreadRecord, data: HostEventData<'permission.settled'>, now: number): void {
  const permission = w.permissions.byKey(thread.id, data.requestKey);
  if (!permission) return;
  settlePermission(deps, w, permission, 'the agent does not wait for it any more', now);
  if (freshThread(w, thread.id).turn === 'requires_action' && w.permissions.unsettledOf(thread.id).length === 0)
    changeThread(w, thread.id, { turn: 'running', lastActivityAt: now }, protocol, now);
}

/** The end of a turn that is known to have ended already is no second one. */
function isCurrent(w: Writer, thread: ThreadRecord, promptId: string): boolean {
  return currentPrompt(w, thread)?.id === promptId && !hasEnded(thread);
}

function turnFinished(deps: HostEventDeps, w: Writer, thread: ThreadRecord, data: HostEventData<'turn.finished'>, now: number): void {
  const { promptId, stopReason, cancelled, empty = false } = data;
  if (!isCurrent(w, thread, promptId)) return;
  const reason = cancelled ? 'cancelled' : empty ? 'empty' : stopReason;
  endTurn(deps, w, thread, { stopReason: reason, source: 'protocol', prompt: { proof: `protocol: ${reason}` } }, now);
  deps.attention.settleAbout(w, thread.id, actor, 'silent');
  w.instances.change(thread.instanceId, { restartCount: 0 });
}

function turnFailed(deps: HostEventDeps, w: Writer, thread: ThreadRecord, data: HostEventData<'turn.failed'>, now: number): void {
  const { promptId, code, message, wakeAt } = data;
  if (!isCurrent(w, thread, promptId)) return;
  const common = { source: 'protocol', detail: message } as const;
  if (code === 'rate_limited') {
    const until = Math.max(now + 1_000, wakeAt ?? now + unknownLimitMs);
    endTurn(deps, w, thread, { ...common, stopReason: code, wakeAt: until, prompt: { proof: 'protocol: usage limit' } }, now);
    return;
  }
  if (code === 'exited') {
    endTurn(deps, w, thread, { source: 'exit', detail: message, stopReason: 'interrupted', interrupted: true, prompt: { failure: message } }, now);
    return;
  }
  endTurn(deps, w, thread, { ...common, stopReason: code, prompt: { failure: message } }, now);
  if (code === 'auth_required') loginRequired(deps, w, freshThread(w, thread.id), message, now);
}

function exited(deps: HostEventDeps, w: Writer, thread: ThreadRecord, data: HostEventData<'thread.exited'>, now: number): void {
  if (thread.status !== 'active') return;
  const why = `its process ended with ${data.signal ?? `exit code ${data.exitCode}`}`;
  if (thread.turn !== 'idle')
    endTurn(deps, w, thread, { source: 'exit', detail: why, stopReason: 'interrupted', interrupted: true, prompt: { failure: why } }, now);
  reopenLater(deps, w, freshThread(w, thread.id), why, now);
}
