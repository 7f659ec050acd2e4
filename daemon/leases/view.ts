import type { Lease } from '../../schemas/lease.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Reader } from '../store/store.ts';
import type { LeaseRecord } from '../store/tables/leases.ts';

export function leaseView({ createdAt, ...lease }: LeaseRecord): Lease {
  return { ...lease, createdAt: isoTime(createdAt) };
}

/** What an event about a lease says. */
export function toldOf(r: Reader, lease: LeaseRecord, origin: Origin) {
  const { id, kind, key, value, sessionId, worktreeId } = lease;
  const owner = sessionId === undefined ? r.worktrees.get(worktreeId ?? '') : r.sessions.get(sessionId);
  const subject = {
    ...(owner ? { projectId: owner.projectId } : {}),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(worktreeId === undefined ? {} : { worktreeId }),
  };
  return { subject, actor: origin.actor, data: { id, kind, key, value } };
}
