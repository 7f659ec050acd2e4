// Spec tasks, revisions and comments as clients see them: times in ISO, and nothing that only the daemon needs.
import type { Comment } from '../../schemas/review.ts';
import type { Revision, SpecTask } from '../../schemas/spec-task.ts';
import { isoTime } from '../kernel/clock.ts';
import type { CommentRecord, RevisionRecord } from '../store/tables/reviews.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

export function specTaskView(record: SpecTaskRecord): SpecTask {
  const {
    failedFrom: _1,
    integrationWorktreeId: _2,
    planningAttempts: _3,
    createdAt,
    startedAt,
    approvedAt,
    endedAt,
    archivedAt,
    ...plain
  } = record;
  return { ...plain, createdAt: isoTime(createdAt), ...times({ startedAt, approvedAt, endedAt, archivedAt }) };
}

export function revisionView({ id: _, createdAt, decidedAt, ...plain }: RevisionRecord): Revision {
  return { ...plain, createdAt: isoTime(createdAt), ...times({ decidedAt }) };
}

export function commentView({ createdAt, resolvedAt, ...plain }: CommentRecord): Comment {
  return { ...plain, createdAt: isoTime(createdAt), ...times({ resolvedAt }) };
}

/** Those that are there, in ISO. */
function times<K extends string>(values: Readonly<Record<K, number | undefined>>): { [N in K]?: string } {
  const given = Object.entries<number | undefined>(values).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, isoTime(ms)]]));
  return Object.fromEntries(given) as { [N in K]?: string };
}
