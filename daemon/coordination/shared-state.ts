// What the work sessions of a spec task know in common: values by key, written over a version that was read.
import type { ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Store, Writer } from '../store/store.ts';
import type { SharedStateRecord } from '../store/tables/coordination.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';

type Entry = ResultOf<'sharedState.get'>;

export interface StateChange {
  readonly key: string;
  readonly ifVersion?: number | undefined;
}

export interface SharedState {
  /** Throws NOT_FOUND. */
  get(task: SpecTaskRecord, key: string): Entry;
  /** By key. */
  list(task: SpecTaskRecord, cursor: string | undefined, limit: number): ResultOf<'sharedState.list'>;
  /** Throws CONFLICT when `ifVersion` is not the one there is (0: none), LIMIT_EXCEEDED. */
  set(task: SpecTaskRecord, change: StateChange & { readonly value: unknown }, origin: Origin): Promise<Entry>;
  /** Throws NOT_FOUND, CONFLICT. */
  remove(task: SpecTaskRecord, change: StateChange, origin: Origin): Promise<void>;
}

export function createSharedState({ store, clock, ids }: { store: Store; clock: Clock; ids: Ids }): SharedState {
  return {
    get(task, key) {
      const found = store.read((r) => r.sharedState.get(task.id, key));
      if (found) return entryView(found);
      throw noSuchKey(key);
    },
    list(task, cursor, limit) {
      const rows = store.read((r) => r.sharedState.list(task.id, cursor ?? '', limit + 1));
      const last = rows[limit - 1];
      return { entries: rows.slice(0, limit).map(entryView), ...(rows.length > limit && last ? { nextCursor: last.key } : {}) };
    },
    async set(task, { key, value, ifVersion }, origin) {
      assertFits(key, value);
      return store.write((w) => {
        const before = w.sharedState.get(task.id, key);
        assertVersion(key, before, ifVersion);
        if (!before) assertRoom(w, task.id);
        const { id, version } = before ?? { id: ids.next('val'), version: 0 };
        const record = { id, specTaskId: task.id, key, value, version: version + 1, updatedBy: origin.actor, updatedAt: clock.now() };
        if (before) w.sharedState.change(id, record);
        else w.sharedState.insert(record);
        tell(w, task, { key, version: record.version, removed: false }, origin);
        return settle(w, origin.receipt, entryView(record));
      });
    },
    remove: (task, { key, ifVersion }, origin) =>
      store.write((w) => {
        const before = w.sharedState.get(task.id, key);
        if (!before) throw noSuchKey(key);
        assertVersion(key, before, ifVersion);
        w.sharedState.remove(before.id);
        tell(w, task, { key, removed: true }, origin);
        settle(w, origin.receipt, {});
      }),
  };
}

function entryView({ key, value, version, updatedBy, updatedAt }: SharedStateRecord): Entry {
  return { key, value, version, updatedBy, updatedAt: isoTime(updatedAt) };
}

function tell(
  w: Writer,
  { id, projectId }: SpecTaskRecord,
  data: { key: string; version?: number; removed: boolean },
  { actor }: Origin,
): void {
  w.events.append({ type: 'sharedState.changed', subject: { projectId, specTaskId: id }, actor, data });
}

function assertFits(key: string, value: unknown): void {
  const text = JSON.stringify(value);
  if (text === undefined) throw new Failure('INVALID_PARAMS', `"${key}" needs a value; null is one, and delete removes the key.`);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= limits.sharedStateBytes) return;
  throw new Failure(
    'LIMIT_EXCEEDED',
    `The value of "${key}" has ${sizeBytes} bytes as JSON, and ${limits.sharedStateBytes} may be; share a path instead.`,
    {
      details: { limit: limits.sharedStateBytes, sizeBytes },
    },
  );
}

function assertRoom(w: Writer, specTaskId: string): void {
  const count = w.sharedState.count(specTaskId);
  if (count < limits.sharedStateKeys) return;
  throw new Failure(
    'LIMIT_EXCEEDED',
    `The spec task shares ${count} values, which is the most there may be; delete one that nobody needs.`,
    {
      details: { limit: limits.sharedStateKeys, count },
    },
  );
}

function assertVersion(key: string, before: SharedStateRecord | undefined, ifVersion: number | undefined): void {
  const actual = before?.version ?? 0;
  if (ifVersion === undefined || ifVersion === actual) return;
  const is = before ? `is of version ${actual}` : 'is not there';
  throw new Failure('CONFLICT', `The shared value "${key}" ${is}, while version ${ifVersion} was expected; read it again.`, {
    details: { expected: ifVersion, actual },
  });
}

function noSuchKey(key: string): Failure {
  return new Failure('NOT_FOUND', `The spec task shares no value "${key}"; "coppice state list" shows the keys.`, {
    details: { entity: 'shared value', id: key },
  });
}
