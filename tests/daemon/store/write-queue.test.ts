import { expect, test, vi } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import type { LoggedEvent } from '../../../daemon/store/event-log.ts';
import type { Writer } from '../../../daemon/store/store.ts';
import { createWriteQueue } from '../../../daemon/store/transaction.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { openTestStore, projectRow } from '../../helpers/open-store.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

function event(n: number) {
  return { type: 'daemon.stopping', subject: {}, actor: 'owner', data: { reason: `reason ${n}` } } as const;
}

test('all writes of one turn share one commit, and each gets its own value', async () => {
  using opened = openTestStore();
  const published: number[] = [];
  opened.store.onEvents((events) => published.push(events.length));
  const values = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      opened.store.write((w) => {
        w.events.append(event(n));
        return n;
      }),
    ),
  );
  expect(values).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(published).toEqual([50]);
});

test('more than one batch holds goes in several, in order, and the queue is empty after', async () => {
  using opened = openTestStore();
  const published: number[] = [];
  opened.store.onEvents((events) => published.push(events.length));
  const writes = Array.from({ length: 600 }, (_, n) => opened.store.write((w) => w.events.append(event(n))));
  expect(opened.store.queueLength).toBe(600);
  await Promise.all(writes);
  expect(published).toEqual([256, 256, 88]);
  expect(opened.store.queueLength).toBe(0);
  const reasons = opened.store
    .read((r) => r.events.page(0, 600))
    .map(({ text }) => (JSON.parse(text) as { data: { reason: string } }).data.reason);
  expect(reasons).toEqual(Array.from({ length: 600 }, (_, n) => `reason ${n}`));
});

test('a write that fails takes nobody along and leaves nothing', async () => {
  using opened = openTestStore();
  const seen: LoggedEvent[] = [];
  opened.store.onEvents((events) => void seen.push(...events));
  const results = await Promise.allSettled([
    opened.store.write((w) => w.events.append(event(1))),
    opened.store.write((w) => {
      w.projects.insert(projectRow());
      w.events.append(event(2));
      throw new Error('no');
    }),
    opened.store.write((w) => w.projects.insert(projectRow({ id: 'prj_x', name: null as never }))),
    opened.store.write((w) => w.events.append(event(3))),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(opened.store.read((r) => r.projects.count())).toBe(0);
  expect(seen.map(({ text }) => text).join()).not.toContain('reason 2');
  expect(seen.map(({ seq }) => seq)).toEqual([1, 2]);
});

test('a rollback leaves no event and calls no listener', async () => {
  using opened = openTestStore();
  const listener = vi.fn();
  opened.store.onEvents(listener);
  await expect(
    opened.store.write((w) => {
      w.events.append(event(1));
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  await opened.store.write((w) => w.meta.set('epoch', 'x'));
  expect(listener).not.toHaveBeenCalled();
  expect(opened.store.read((r) => [r.events.lastSeq(), r.events.page(0, 10)])).toEqual([0, []]);
});

test('a commit is published before its writer goes on, and a listener may be taken off', async () => {
  using opened = openTestStore();
  const trace: string[] = [];
  const off = opened.store.onEvents(() => void trace.push('listener'));
  await opened.store.write((w) => w.events.append(event(1))).then(() => trace.push('writer'));
  off();
  off();
  await opened.store.write((w) => w.events.append(event(2)));
  expect(trace).toEqual(['listener', 'writer']);
});

test('a listener that throws keeps no writer waiting, and the writes after it go on', async () => {
  using dir = createTempDir();
  const db = openDatabase(dir.at('x.db'));
  const thrown: unknown[] = [];
  const onUncaught = (error: unknown): void => void thrown.push(error);
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', onUncaught);
  try {
    let commits = 0;
    const queue = createWriteQueue({
      db,
      clock: createManualClock(),
      random: () => 0.5,
      policy: () => ({ maxAttempts: 1, initialBackoffMs: 1, multiplier: 1, maxBackoffMs: 1, jitter: 0 }),
      gathered: [],
      onCommit() {
        commits += 1;
        if (commits === 1) throw new Error('a listener broke');
      },
      onBusy: () => {},
    });
    expect(await queue.add(() => 'one')).toBe('one');
    expect(await queue.add(() => 'two')).toBe('two');
    expect(thrown).toMatchObject([{ message: 'a listener broke' }]);
  } finally {
    process.off('uncaughtException', onUncaught);
    for (const listener of before) process.on('uncaughtException', listener);
    db.close();
  }
});

test('an operation that waits is a type error: nothing may wait while the lock is held', () => {
  using opened = openTestStore();
  const { store } = opened;
  const neverCalled = (): void => {
    // @ts-expect-error a promise is no value of a transaction
    void store.write(async (w) => w.projects.count());
    // @ts-expect-error nor when it is returned as it is
    void store.write((_: Writer) => Promise.resolve(1));
    // @ts-expect-error nor of a read
    store.read(async (r) => r.projects.count());
  };
  expect(neverCalled).toBeTypeOf('function');
});
