// Ports, names and slots that nobody else gets while their owner lives. Rows are the truth; a port is tried as well before it is given.
import { Failure } from '../../schemas/errors.ts';
import type { Lease } from '../../schemas/lease.ts';
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { KeyedQueue } from '../kernel/keyed-queue.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store } from '../store/store.ts';
import type { LeaseRecord } from '../store/tables/leases.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import { alreadyReserved, createChooser, exhausted } from './choose.ts';
import { type HeldLease, prepareRegain, type Regain } from './regain.ts';
import { leaseView, toldOf } from './view.ts';

/** One of the two. */
export interface LeaseOwner {
  readonly sessionId?: string;
  readonly worktreeId?: string;
}

export interface LeaseRequest {
  readonly kind: Lease['kind'];
  readonly key: string;
  readonly pool: string;
  readonly value?: string | undefined;
  readonly slots: number;
  readonly owner: LeaseOwner;
}

export interface LeaseService {
  list(owner: LeaseOwner, cursor: string | undefined, limit: number): { leases: Lease[]; nextCursor?: string };
  reserve(request: LeaseRequest, origin: Origin): Promise<Lease>;
  /** Reserves what a session does not have yet: for a start that may be done twice. */
  ensure(request: LeaseRequest, origin: Origin): Promise<Lease>;
  find(id: string): LeaseRecord;
  release(id: string, origin: Origin): Promise<void>;
  /** Looks at what a worktree held before it was removed; the answer reserves it again, in the transaction that brings the worktree back. */
  regain(held: readonly HeldLease[]): Promise<Regain>;
}

export interface LeaseDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: KeyedQueue;
  readonly isPortFree: (port: number) => Promise<boolean>;
  /** Like 41000-42999. */
  readonly portRange: () => string;
}

export function createLeaseService({ store, clock, ids, queue, isPortFree, portRange }: LeaseDeps): LeaseService {
  const choose = createChooser({ ids, isPortFree, portRange });
  // One at a time: a port must not be tried for two at once.
  const reserve = (request: LeaseRequest, origin: Origin): Promise<Lease> =>
    queue.run('leases', async () => {
      store.read((r) => assertRoom(r, request));
      const value = await choose(
        request,
        store.read((r) => r.leases.valuesOf(request.kind, request.pool)),
      );
      return store.write((w) => {
        assertRoom(w, request);
        if (w.leases.valuesOf(request.kind, request.pool).has(value)) throw alreadyReserved(request.kind, request.pool, value);
        const { kind, key, pool, owner } = request;
        const lease: LeaseRecord = { id: ids.next('lea'), kind, key, value, pool, ...owner, createdAt: clock.now() };
        w.leases.insert(lease);
        w.events.append({ type: 'lease.reserved', ...toldOf(w, lease, origin) });
        return settle(w, origin.receipt, leaseView(lease));
      });
    });
  const find = (id: string): LeaseRecord => {
    const lease = store.read((r) => r.leases.get(id));
    if (lease) return lease;
    throw new Failure('NOT_FOUND', `There is no lease "${id}"; "coppice leases" lists them.`, { details: { entity: 'lease', id } });
  };
  return {
    reserve,
    find,
    regain: (held) => prepareRegain({ ids, clock, isPortFree }, held),
    ensure: async (request, origin) => {
      const known = store.read((r) => ofOwner(r, request.owner).find((lease) => sameKey(lease.key, request.key)));
      return known ? leaseView(known) : reserve(request, origin);
    },
    list(owner, cursor, limit) {
      if (owner.sessionId !== undefined || owner.worktreeId !== undefined) {
        const all = store.read((r) => ofOwner(r, owner)).toReversed();
        return paged(all.filter((lease) => cursor === undefined || lease.id < cursor).slice(0, limit + 1), limit);
      }
      return paged(
        store.read((r) => r.leases.list(cursor ?? afterAllIds, limit + 1)),
        limit,
      );
    },
    async release(id, origin) {
      const lease = find(id);
      await store.write((w) => {
        if (w.leases.get(id)) {
          w.leases.remove(id);
          w.events.append({ type: 'lease.released', ...toldOf(w, lease, origin) });
        }
        return settle(w, origin.receipt, {});
      });
    },
  };
}

function paged(found: readonly LeaseRecord[], limit: number): { leases: Lease[]; nextCursor?: string } {
  const { rows, nextCursor } = pageOf(found, limit);
  return { leases: rows.map(leaseView), ...(nextCursor === undefined ? {} : { nextCursor }) };
}

function ofOwner(r: Reader, { sessionId, worktreeId }: LeaseOwner): LeaseRecord[] {
  if (sessionId !== undefined)
    return r.leases.ofSession(sessionId).filter((lease) => worktreeId === undefined || lease.worktreeId === worktreeId);
  return worktreeId === undefined ? [] : r.leases.ofWorktree(worktreeId);
}

/** Keys become variables, which are upper case. */
function sameKey(a: string, b: string): boolean {
  return a.toUpperCase() === b.toUpperCase();
}

function assertRoom(r: Reader, { owner, key }: LeaseRequest): void {
  const held = ofOwner(r, owner);
  const same = held.find((lease) => sameKey(lease.key, key));
  if (same) {
    throw new Failure('ALREADY_EXISTS', `The key "${key}" is reserved already, as ${same.value}; choose another key, or release it.`, {
      details: { entity: 'lease', id: same.id, value: same.value },
    });
  }
  const session = owner.sessionId === undefined ? undefined : r.sessions.get(owner.sessionId);
  const worktree = owner.worktreeId === undefined ? undefined : r.worktrees.get(owner.worktreeId);
  const lives = (session !== undefined && session.endedAt === undefined) || (worktree !== undefined && worktree.status !== 'removed');
  if (!lives) {
    throw new Failure('PRECONDITION', 'The owner of the lease has ended, so nothing can be reserved for it; name one that lives.', {
      details: { reason: 'owner_ended' },
    });
  }
  if (held.length < limits.leasesPerOwner) return;
  throw exhausted(`Its owner holds ${held.length} leases, which is the limit; release one first.`, limits.leasesPerOwner);
}
