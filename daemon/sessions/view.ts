import type { Session, StepRun } from '../../schemas/session.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Reader } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';

/** A session as clients see it: what its worktree and terminal are called, and its place in the queue. */
export function sessionView(r: Reader, record: SessionRecord): Session {
  const {
    definition: _1,
    definitionSha256: _2,
    budgetMs: _3,
    deadlineAt: _4,
    verdict: _5,
    cancelReason: _6,
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
    ...(record.status === 'queued' ? { queuePosition: r.sessions.queuedBefore(record.id) + 1 } : {}),
  };
}

export function stepView({ position: _1, deadlineAt: _2, paneId: _3, startedAt, endedAt, ...plain }: StepRecord): StepRun {
  return {
    ...plain,
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}
