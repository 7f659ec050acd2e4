// The ends of an instance: lost and to be started again, given up, or stopped on purpose.
import type { Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';
import { failThread, type HostEventDeps } from './host-events.ts';
import { isLive, restartDelaysMs } from './machine.ts';
import { failOpenPrompts } from './prompts.ts';
import { ensureInstance, type ThreadDeps } from './threads.ts';
import { changeThread, freshInstance, freshThread, instanceSubject, moveInstance, moveThread } from './transition.ts';
import { endTurn } from './turns.ts';

const actor = 'daemon';

/** Its agents went with it. While the budget lasts it is started again. */
export function loseInstance(deps: HostEventDeps, w: Writer, id: string, reason: string, now: number): void {
  const instance = freshInstance(w, id);
  if (!isLive(instance.status) || instance.status === 'stopping') return;
  disconnectThreads(deps, w, instance, reason, now);
  const delayMs = (deps.restartDelaysMs ?? restartDelaysMs)[instance.restartCount];
  if (delayMs !== undefined) {
    const change = { lastError: reason, restartAt: now + delayMs, pid: null };
    moveInstance(w, id, 'lost', { actor, now, reason }, change);
    return;
  }
  moveInstance(w, id, 'failed', { actor, now, reason }, { lastError: reason, pid: null });
  for (const thread of w.threads.ofInstance(id)) if (isOpen(thread)) giveUp(w, thread, reason, now);
  deps.attention.raise(w, {
    ...{ kind: 'instance_lost', refId: id, title: 'The agents of a spec task can not be started any more', detail: reason },
    ...{ remedy: `coppice call instance.ensure '{"specTask":"${instance.specTaskId}"}'`, ...instanceSubject(instance) },
  });
}

function giveUp(w: Writer, thread: ThreadRecord, reason: string, now: number): void {
  failOpenPrompts(w, thread.id, reason, now);
  failThread(w, thread, reason, now);
}

function isOpen({ status }: ThreadRecord): boolean {
  return status !== 'completed' && status !== 'failed';
}

/** A turn in flight is interrupted, and what the agent asked is gone. */
export function disconnectThreads(deps: HostEventDeps, w: Writer, { id }: InstanceRecord, reason: string, now: number): void {
  for (const thread of w.threads.ofInstance(id)) {
    if (thread.turn !== 'idle' && isOpen(thread))
      endTurn(deps, w, thread, { stopReason: 'interrupted', interrupted: true, source: 'process', prompt: { failure: reason } }, now);
    if (thread.status === 'active') moveThread(w, thread.id, 'disconnected', { actor, now, reason, evidence: { source: 'process', detail: reason } });
  }
}

/** What was asked for while it stopped goes on in its successor. */
export function finishStop(deps: HostEventDeps & ThreadDeps, w: Writer, id: string, now: number): void {
  const instance = freshInstance(w, id);
  if (instance.status !== 'stopping') return;
  disconnectThreads(deps, w, instance, 'its instance was stopped', now);
  moveInstance(w, id, 'stopped', { actor, now }, { pid: null });
  deps.attention.settleAbout(w, id, actor);
  const waiting = w.threads.ofInstance(id).filter(({ status }) => status === 'pending');
  if (waiting.length > 0) takeAlong(deps, w, instance.specTaskId, now);
}

/** All threads of a task that are not at their end go on in its live instance. */
export function takeAlong(deps: ThreadDeps, w: Writer, specTaskId: string, now: number): InstanceRecord {
  const instance = ensureInstance(deps, w, specTaskId);
  for (const { id } of w.threads.ofSpecTask(specTaskId)) {
    const thread = freshThread(w, id);
    if (isOpen(thread) && thread.instanceId !== instance.id)
      changeThread(w, id, { instanceId: instance.id, wakeAt: null }, { source: 'process' }, now);
  }
  return instance;
}
