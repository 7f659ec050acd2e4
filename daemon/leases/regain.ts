// The leases of a worktree that comes back: the same values, as far as nobody has taken them meanwhile.
import type { Lease } from '../../schemas/lease.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { LeaseRecord } from '../store/tables/leases.ts';
import { leaseView, toldOf } from './view.ts';

export type HeldLease = Pick<Lease, 'kind' | 'key' | 'pool' | 'value'>;

export interface Regained {
  readonly leases: Lease[];
  /** A sentence for each that did not come back. */
  readonly warnings: string[];
}

export type Regain = (w: Writer, worktreeId: string, origin: Origin) => Regained;

interface RegainDeps {
  readonly ids: Ids;
  readonly clock: Clock;
  readonly isPortFree: (port: number) => Promise<boolean>;
}

export async function prepareRegain({ ids, clock, isPortFree }: RegainDeps, held: readonly HeldLease[]): Promise<Regain> {
  const inUse = new Set<HeldLease>();
  for (const lease of held) if (lease.kind === 'port' && !(await isPortFree(Number(lease.value)))) inUse.add(lease);
  return (w, worktreeId, origin) => {
    const leases: Lease[] = [];
    const warnings: string[] = [];
    for (const lease of held) {
      const isTaken = w.leases.valuesOf(lease.kind, lease.pool).has(lease.value);
      if (isTaken || inUse.has(lease)) {
        warnings.push(lost(lease, worktreeId, isTaken ? 'is reserved by somebody else' : 'is in use by a program'));
        continue;
      }
      const { kind, key, pool, value } = lease;
      const record: LeaseRecord = { id: ids.next('lea'), kind, key, pool, value, worktreeId, createdAt: clock.now() };
      w.leases.insert(record);
      w.events.append({ type: 'lease.reserved', ...toldOf(w, record, origin) });
      leases.push(leaseView(record));
    }
    return { leases, warnings };
  };
}

function lost({ kind, key, value }: HeldLease, worktreeId: string, why: string): string {
  const command = `coppice leases reserve ${kind} ${key} --worktree ${worktreeId}`;
  return `The ${kind} "${value}" that the worktree held as "${key}" ${why}; "${command}" gives it another.`;
}
