import type { Session } from '../../schemas/session.ts';
import type { StepAttempt, StepRun } from '../../schemas/step.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Reader } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { AttemptRecord } from '../store/tables/step-attempts.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { type QueueOrder, type QueuePlace, queueOrder } from './queue.ts';

/** A session as clients see it: what its worktree and terminal are called, and its place in the queue. */
export function sessionView(r: Reader, record: SessionRecord, order: () => QueueOrder = orderOf(r)): Session {
  const {
    definition: _1,
    definitionSha256: _2,
    budgetMs: _3,
    deadlineAt: _4,
    verdict: _5,
    cancelReason: _6,
    concurrencyLimit: _7,
    createdAt,
    startedAt,
    endedAt,
    cancelRequestedAt,
    ...plain
  } = record;
  const worktree = record.worktreeId === undefined ? undefined : r.worktrees.get(record.worktreeId);
  const terminal = record.terminalId === undefined ? undefined : r.terminals.get(record.terminalId);
  return {
    ...plain,
    createdAt: isoTime(createdAt),
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
    ...(cancelRequestedAt === undefined ? {} : { cancelRequestedAt: isoTime(cancelRequestedAt) }),
    ...(worktree === undefined ? {} : { worktreePath: worktree.path }),
    ...(terminal === undefined ? {} : { terminalName: terminal.name }),
    ...(record.status === 'queued' ? placeOf(order().places.get(record.id)) : {}),
  };
}

/** The order of the queue, found out once, and only when it is asked for. */
export function orderOf(r: Reader): () => QueueOrder {
  let order: QueueOrder | undefined;
  return () => {
    order ??= queueOrder(r.sessions.queue());
    return order;
  };
}

function placeOf(place: QueuePlace | undefined): Pick<Session, 'queuePosition' | 'queueReason'> {
  return place ? { queuePosition: place.position, queueReason: place.reason } : {};
}

/** The steps of a session in order, each with what came of its earlier attempts. */
export function stepViews(r: Reader, sessionId: string): StepRun[] {
  const attempts = r.attempts.ofSession(sessionId);
  return r.steps.ofSession(sessionId).map((step) => {
    const earlier = attempts.filter(({ stepRunId }) => stepRunId === step.id).map(attemptView);
    return { ...stepView(step), ...(earlier.length > 0 ? { earlierAttempts: earlier } : {}) };
  });
}

function attemptView({ stepRunId: _, startedAt, endedAt, ...plain }: AttemptRecord): StepAttempt {
  return {
    ...plain,
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}

function stepView({ position: _1, deadlineAt: _2, paneId: _3, startedAt, endedAt, retryAt, ...plain }: StepRecord): StepRun {
  return {
    ...plain,
    ...(retryAt === undefined ? {} : { retryAt: isoTime(retryAt) }),
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}
