import type { WorkSession } from '../../schemas/work-session.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Reader } from '../store/store.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';

/** A work session as clients see it: where it works, what its agent does, and why it waits. */
export function workSessionView(r: Reader, record: WorkSessionRecord, waits?: ReadonlyMap<string, string>): WorkSession {
  const {
    prompt: _1,
    started: _2,
    base: _3,
    conflictAskedFor: _4,
    mergeRequestedAt: _5,
    turnsSeen: _6,
    mergedFrom: _7,
    createdAt,
    startedAt,
    endedAt,
    ...plain
  } = record;
  const worktree = record.worktreeId === undefined ? undefined : r.worktrees.get(record.worktreeId);
  const thread = r.threads.ofWorkSession(record.id);
  const waitsFor = waits?.get(record.id);
  return {
    ...plain,
    createdAt: isoTime(createdAt),
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
    ...(worktree === undefined ? {} : { worktreePath: worktree.path }),
    ...(thread === undefined ? {} : { threadId: thread.id }),
    ...(thread?.agentState === undefined ? {} : { agentState: thread.agentState }),
    ...(waitsFor === undefined ? {} : { waitsFor }),
  };
}
