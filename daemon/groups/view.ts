import type { Group, GroupMember } from '../../schemas/group.ts';
import { isoTime } from '../kernel/clock.ts';
import type { QueueOrder } from '../sessions/queue.ts';
import type { Reader } from '../store/store.ts';
import type { GroupRecord, MemberRecord } from '../store/tables/groups.ts';
import { outcomeOf } from './machine.ts';

/** The latest attempt of each member, in the order of the members. */
export function latestOf(attempts: readonly MemberRecord[]): MemberRecord[] {
  return attempts.filter(({ member }, index) => attempts[index + 1]?.member !== member);
}

/** A group as clients see it. `order`: the queue, asked for only when a member waits in it. */
export function groupView(r: Reader, record: GroupRecord, order: () => QueueOrder): Group {
  const { deadlineAt, cancelRequestedAt, createdAt, endedAt, ...plain } = record;
  const attempts = r.groups.members(record.id);
  const latest = latestOf(attempts);
  const outcome = outcomeOf(record.status);
  return {
    ...plain,
    ...(outcome === undefined ? {} : { outcome }),
    succeeded: latest.filter(({ status }) => status === 'succeeded').length,
    members: latest.map((member) => memberView(member, attempts, order)),
    createdAt: isoTime(createdAt),
    ...(deadlineAt === undefined ? {} : { deadlineAt: isoTime(deadlineAt) }),
    ...(cancelRequestedAt === undefined ? {} : { cancelRequestedAt: isoTime(cancelRequestedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}

function memberView(latest: MemberRecord, attempts: readonly MemberRecord[], order: () => QueueOrder): GroupMember {
  const { groupId: _, ...plain } = latest;
  const earlier = attempts.filter(({ member, attempt }) => member === latest.member && attempt < latest.attempt);
  const place = latest.status === 'queued' ? order().places.get(latest.sessionId) : undefined;
  return {
    ...plain,
    ...(place === undefined ? {} : { queuePosition: place.position, queueReason: place.reason }),
    ...(earlier.length === 0 ? {} : { earlierAttempts: earlier.map(attemptView) }),
  };
}

function attemptView({ attempt, sessionId, slug, status, reason }: MemberRecord) {
  return { attempt, sessionId, slug, status, ...(reason === undefined ? {} : { reason }) };
}
