import { createHash } from 'node:crypto';
import type { ReceiptSlot } from '../kernel/origin.ts';
import type { Db } from './database.ts';

/** What a mutation with an idempotency key answered, so that a second call with the key answers the same and does nothing. */
export interface Receipt {
  readonly key: string;
  readonly method: string;
  readonly paramsSha256: string;
  readonly result: unknown;
}

export interface ReceiptReader {
  find(key: string): Receipt | undefined;
  /** How many are older. */
  prunable(beforeMs: number): number;
}

export interface ReceiptWriter extends ReceiptReader {
  put(receipt: Receipt): void;
  prune(beforeMs: number, limit: number): number;
}

export function createReceiptReader(db: Db): ReceiptReader {
  const find = db.prepare<[string], { key: string; method: string; params_sha256: string; result: string }>(
    'SELECT key, method, params_sha256, result FROM receipts WHERE key = ?',
  );
  const older = db.prepare<[number], number>('SELECT count(*) FROM receipts WHERE created_at < ?').pluck();
  return {
    prunable: (beforeMs) => older.get(beforeMs) as number,
    find(key) {
      const row = find.get(key);
      return row && { key: row.key, method: row.method, paramsSha256: row.params_sha256, result: JSON.parse(row.result) };
    },
  };
}

export function createReceiptWriter(db: Db, now: () => number): ReceiptWriter {
  const put = db.prepare('INSERT INTO receipts (key, method, params_sha256, result, created_at) VALUES (?, ?, ?, ?, ?)');
  const prune = db.prepare('DELETE FROM receipts WHERE key IN (SELECT key FROM receipts WHERE created_at < ? LIMIT ?)');
  return {
    ...createReceiptReader(db),
    put: (receipt) => void put.run(receipt.key, receipt.method, receipt.paramsSha256, JSON.stringify(receipt.result ?? null), now()),
    prune: (beforeMs, limit) => prune.run(beforeMs, limit).changes,
  };
}

/** The same parameters in another key order are the same call. */
export function fingerprint(params: unknown): string {
  return createHash('sha256').update(canonical(params)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}

/** Writes the receipt of a call in the transaction of its effect, so that both are there or neither. Without a key it does nothing. */
export function settle<T>(writer: { receipts: ReceiptWriter }, slot: ReceiptSlot | undefined, result: T): T {
  if (slot && !slot.written) {
    writer.receipts.put({ key: slot.key, method: slot.method, paramsSha256: slot.paramsSha256, result });
    slot.written = true;
  }
  return result;
}
