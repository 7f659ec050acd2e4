// The write queue while the lock is taken: who waits, by which policy, and for how long. A second connection holds the lock.
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { RetryPolicy, RetryStatus } from '../../../daemon/kernel/retry.ts';
import { openDatabase } from '../../../daemon/store/database.ts';
import { createWriteQueue } from '../../../daemon/store/transaction.ts';
import { createManualClock, settled } from '../../helpers/manual-clock.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const plain: RetryPolicy = { maxAttempts: 3, initialBackoffMs: 100, multiplier: 2, maxBackoffMs: 10_000, jitter: 0 };

function setUp(first: RetryPolicy = plain) {
  const dir = createTempDir();
  const db = openDatabase(dir.at('x.db'));
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT');
  const other = new Database(dir.at('x.db'));
  const clock = createManualClock();
  const statuses: RetryStatus[] = [];
  const live = { policy: first };
  const queue = createWriteQueue({
    ...{ db, clock, random: () => 0.5, policy: () => live.policy, gathered: [], onCommit: () => {} },
    onBusy: (status) => void statuses.push(status),
  });
  const insert = (id: number): Promise<unknown> =>
    queue.add(() => db.prepare('INSERT INTO t VALUES (?)').run(id).changes).catch((error: unknown) => error);
  return {
    ...{ clock, queue, insert, live, statuses },
    lock: () => other.exec('BEGIN IMMEDIATE'),
    unlock: () => other.exec('ROLLBACK'),
    delays: () => statuses.map(({ attempt, delayMs }) => [attempt, delayMs]),
    ids: () => db.prepare('SELECT id FROM t ORDER BY id').pluck().all(),
    async turn() {
      await settled();
      await settled();
    },
    [Symbol.dispose]() {
      other.close();
      if (db.open) db.close();
      dir[Symbol.dispose]();
    },
  };
}

test('without jitter a write waits 100, 150, 225, 337, 506, 759 and 1139 ms, and is given up with the eighth call', async () => {
  using at = setUp({ maxAttempts: 8, initialBackoffMs: 100, multiplier: 1.5, maxBackoffMs: 5_000, jitter: 0 });
  at.lock();
  const failed = at.insert(1);
  await at.turn();
  await at.clock.advanceAsync(60_000);
  expect(await failed).toMatchObject({ kind: 'STORE_BUSY', cause: { code: 'SQLITE_BUSY' } });
  expect(at.delays().map(([, delayMs]) => delayMs)).toEqual([100, 150, 225, 337, 506, 759, 1139]);
  expect(at.clock.armed).toBe(0);
});

test('a write that comes amid a wait has as many calls of its own, and makes none in between', async () => {
  using at = setUp();
  at.lock();
  const early = at.insert(1);
  await at.turn();
  await at.clock.advanceAsync(99);
  const late = at.insert(2);
  await at.turn();
  expect(at.delays()).toEqual([[1, 100]]);
  // The second call of the first is the first of the second, and so on.
  await at.clock.advanceAsync(1);
  expect(at.delays()).toEqual([
    [1, 100],
    [2, 200],
  ]);
  await at.clock.advanceAsync(200);
  expect(await early).toMatchObject({ kind: 'STORE_BUSY' });
  expect(at.queue.length).toBe(1);
  // From here on the second is the oldest, with two of its three calls made.
  expect(at.delays().at(-1)).toEqual([2, 200]);
  at.unlock();
  await at.clock.advanceAsync(200);
  expect(await late).toBe(1);
  expect(at.ids()).toEqual([2]);
});

test('a policy that changes rules the next retry, and one that runs keeps its own', async () => {
  using at = setUp();
  at.lock();
  const before = at.insert(1);
  await at.turn();
  at.live.policy = { ...plain, maxAttempts: 20, initialBackoffMs: 7, multiplier: 1 };
  await at.clock.advanceAsync(100);
  const after = at.insert(2);
  await at.clock.advanceAsync(200);
  expect(await before).toMatchObject({ kind: 'STORE_BUSY' });
  expect(at.delays().slice(0, 2)).toEqual([
    [1, 100],
    [2, 200],
  ]);
  expect(at.delays().at(-1)).toEqual([1, 7]);
  await at.clock.advanceAsync(7 * 10);
  at.unlock();
  await at.clock.advanceAsync(7);
  expect(await after).toBe(1);
  expect(at.ids()).toEqual([2]);
});

test('more writes than a batch holds: those behind it have not called yet, and try as soon as the batch is given up', async () => {
  using at = setUp({ ...plain, maxAttempts: 1 });
  at.lock();
  const all = Array.from({ length: 300 }, (_, id) => at.insert(id));
  await at.turn();
  await at.turn();
  const ends = await Promise.all(all);
  expect(ends.every((end) => (end as { kind?: string }).kind === 'STORE_BUSY')).toBe(true);
  expect(at.queue.length).toBe(0);
  at.unlock();
  expect(await at.insert(1)).toBe(1);
});

test('closing commits what waits when the lock is free, and refuses what it cannot and what comes', async () => {
  using at = setUp();
  const waits = at.insert(1);
  at.queue.close();
  expect(await waits).toBe(1);
  expect(at.ids()).toEqual([1]);
  expect(await at.insert(2)).toMatchObject({ kind: 'SHUTTING_DOWN' });

  using locked = setUp();
  locked.lock();
  const refused = locked.insert(1);
  await locked.turn();
  locked.queue.close();
  expect(await refused).toMatchObject({ kind: 'SHUTTING_DOWN' });
  locked.unlock();
  await locked.clock.advanceAsync(10_000);
  expect(locked.ids()).toEqual([]);
});
