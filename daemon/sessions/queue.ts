// Who may leave the queue, and who waits for what. Pure: first come, first served, in the whole and in each named pool; a full pool holds
// up its own members only.
import type { QueueRow } from '../store/tables/sessions.ts';

export interface QueuePlace {
  /** 1 is next. */
  readonly position: number;
  readonly reason: 'capacity' | 'pool';
}

export interface QueueOrder {
  /** May begin as soon as there is room, in this order. */
  readonly ready: readonly string[];
  /** Of each queued session. */
  readonly places: ReadonlyMap<string, QueuePlace>;
}

/** `rows` are all that have not ended, oldest first. */
export function queueOrder(rows: readonly QueueRow[]): QueueOrder {
  const taken = new Map<string, number>();
  const take = (group: string) => taken.set(group, (taken.get(group) ?? 0) + 1);
  for (const { status, concurrencyGroup } of rows) if (status !== 'queued' && concurrencyGroup !== undefined) take(concurrencyGroup);
  const ready: string[] = [];
  const places = new Map<string, QueuePlace>();
  const waiting = new Map<string, number>();
  for (const { id, status, concurrencyGroup: group, concurrencyLimit = 1 } of rows) {
    if (status !== 'queued') continue;
    const ahead = group === undefined ? 0 : (waiting.get(group) ?? 0);
    if (group === undefined || (ahead === 0 && (taken.get(group) ?? 0) < concurrencyLimit)) {
      if (group !== undefined) take(group);
      ready.push(id);
      places.set(id, { position: ready.length, reason: 'capacity' });
    } else {
      waiting.set(group, ahead + 1);
      places.set(id, { position: ahead + 1, reason: 'pool' });
    }
  }
  return { ready, places };
}
