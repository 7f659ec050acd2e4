// What all controls of a work session share: one transaction that reads, decides and writes, and answers what clients see.
import { Failure } from '../../schemas/errors.ts';
import type { WorkSession, WorkSessionStatus } from '../../schemas/work-session.ts';
import type { Origin } from '../kernel/origin.ts';
import { moveSpecTask } from '../spec-tasks/transition.ts';
import { settle } from '../store/receipts.ts';
import type { Writer } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { hasEnded, workSessionTransitions } from './machine.ts';
import type { WorkDeps } from './needs.ts';
import { scheduleOf } from './reactor/facts.ts';
import { assertVersion, freshWorkSession, type Move, moveWorkSession, workSessionSubject } from './transition.ts';
import { workSessionView } from './view.ts';

export type ControlDeps = Pick<WorkDeps, 'store' | 'clock' | 'ids' | 'threads' | 'attention' | 'limits'>;

export interface Controlled {
  readonly id: string;
  readonly ifVersion?: number | undefined;
}

/** The row as it is, for a change by `work`; what comes of it is the answer. */
export function control(
  deps: ControlDeps,
  { id, ifVersion }: Controlled,
  origin: Origin,
  work: (w: Writer, now: WorkSessionRecord) => void,
): Promise<WorkSession> {
  return deps.store.write((w) => {
    const now = freshWorkSession(w, id);
    assertVersion(now, ifVersion);
    work(w, now);
    return settle(w, origin.receipt, workSessionView(w, freshWorkSession(w, id), scheduleOf(w, deps.limits()).waits));
  });
}

/** Moves it; what waited for a human about it does not wait any more, unless it blocks. */
export function moveBy(deps: ControlDeps, w: Writer, id: string, move: Move, { actor }: Origin): WorkSessionRecord {
  const moved = moveWorkSession(w, id, move, { actor, now: deps.clock.now() });
  if (move.to !== 'blocked') deps.attention.settleAbout(w, id, actor);
  return moved;
}

/** INVALID_TRANSITION for a state that the table would allow, and the control does not. */
export function refuse(now: WorkSessionRecord, to: WorkSessionStatus, why: string): never {
  const state = now.blockedReason ?? now.stage;
  throw new Failure(
    'INVALID_TRANSITION',
    `Work session "${now.name}" is ${now.status}${state === undefined ? '' : ` (${state})`}: ${why}`,
    {
      details: { from: now.status, to, allowed: workSessionTransitions[now.status] },
    },
  );
}

export function tellUpdated(w: Writer, now: WorkSessionRecord, keys: string[], { actor }: Origin): void {
  const data = { workSessionId: now.id, name: now.name, keys };
  w.events.append({ type: 'workSession.updated', subject: workSessionSubject(now), actor, data });
}

/** The spec task is worked on again. Throws INVALID_TRANSITION when that is over for good. */
export function wakeTask({ clock, attention }: ControlDeps, w: Writer, specTaskId: string, origin: Origin): void {
  const task = w.specTasks.get(specTaskId) as SpecTaskRecord;
  if (task.status === 'queued_implementation') return;
  const change = task.status === 'implementation_failed' ? { lastError: null, failedFrom: null } : {};
  moveSpecTask(w, specTaskId, 'implementation', { origin, now: clock.now(), change });
  attention.settleAbout(w, specTaskId, origin.actor, 'ready_to_land');
}

/** Ends it as cancelled, with its thread; its session is told by whoever looks at it next. */
export function cancelOne(deps: ControlDeps, w: Writer, { id, status }: WorkSessionRecord, reason: string, origin: Origin): void {
  if (status !== 'failed' && hasEnded(status)) return;
  moveBy(deps, w, id, { to: 'cancelled', detail: reason, change: { mergeRequestedAt: null } }, origin);
  const thread = w.threads.ofWorkSession(id);
  if (thread) deps.threads.close(w, thread.id, 'failed', reason);
}
