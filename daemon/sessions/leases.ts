// The leases that a command asks for: reserved before anything else of its session, told to every step, free again with its end.
import { renderTemplate } from '../commands/template.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { LeaseService } from '../leases/service.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { SessionContext } from './context.ts';

/** Answers what was reserved, for the row of the step. */
export async function acquireLeases(
  { definition, session, lookup }: SessionContext,
  leases: Pick<LeaseService, 'ensure'>,
): Promise<string> {
  const told: string[] = [];
  for (const { key, kind, pool = 'default', value, slots = 1 } of definition.leases ?? []) {
    const request = { key, kind, pool, slots, owner: { sessionId: session.id } };
    const certain = value === undefined ? undefined : renderTemplate(value, lookup);
    const lease = await leases.ensure({ ...request, value: certain }, byDaemon);
    told.push(`${key}=${lease.value}`);
  }
  return told.join(' ');
}

/** COPPICE_LEASE_<KEY>: those of the session, and those of its worktree that it has none of the same key for. */
export function leaseVariables(store: Store, { id, worktreeId }: Pick<SessionRecord, 'id' | 'worktreeId'>): Record<string, string> {
  const all = store.read((r) => [...(worktreeId === undefined ? [] : r.leases.ofWorktree(worktreeId)), ...r.leases.ofSession(id)]);
  return Object.fromEntries(all.map(({ key, value }) => [`COPPICE_LEASE_${key.toUpperCase()}`, value]));
}
