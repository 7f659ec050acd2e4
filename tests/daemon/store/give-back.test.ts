// Free pages go back to the file system without anybody noticing.
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Store } from '../../../daemon/store/store.ts';
import { giveBack, nextSlice, sparePages, untilIdle } from '../../../daemon/upkeep/give-back.ts';
import { limits } from '../../../schemas/limits.ts';
import { createManualClock, settled } from '../../helpers/manual-clock.ts';
import { openTestStore, type TestStore } from '../../helpers/open-store.ts';

const always = async (): Promise<boolean> => true;

/** 10 MB of events, spread over many commits, of which one in fifty is kept. */
async function fillAndEmpty(store: Store): Promise<void> {
  const reason = 'x'.repeat(4_000);
  for (let batch = 0; batch < 10; batch++) {
    await store.write((w) => {
      for (let n = 0; n < 256; n++) w.events.append({ type: 'daemon.stopping', subject: {}, actor: 'daemon', data: { reason } });
    });
  }
  await store.write((w) => w.events.prune({ beforeMs: Number.MAX_SAFE_INTEGER, keepRows: 0, limit: 2_510 }));
}

/** How late the event loop was at worst while `work` ran. */
async function longestGapMs(work: () => Promise<unknown>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  const look = (): void => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(look, 1);
  await work();
  look();
  clearInterval(timer);
  return longest;
}

// Times are of this process alone only while nobody else wants the processor: the best of four counts.
test('10 MB that were inserted and deleted: more than 80 % comes back, and the event loop is never held for 50 ms', {
  retry: 3,
}, async () => {
  using opened = openTestStore();
  const { store } = opened;
  await fillAndEmpty(store);
  const before = store.size();
  expect(before.bytes).toBeGreaterThan(10_000_000);
  expect(before.freeBytes).toBeGreaterThan(9_000_000);
  const writes: Promise<void>[] = [];
  const gapMs = await longestGapMs(async () => {
    const given = giveBack(store, { keep: sparePages, idleMoment: always });
    for (let n = 0; n < 20; n++) writes.push(store.write((w) => w.meta.set('epoch', String(n))));
    expect((await given) * before.pageBytes).toBeGreaterThan(0.8 * before.freeBytes);
  });
  await Promise.all(writes);
  process.stderr.write(`give back ${before.freePages} pages: longest gap of the event loop ${gapMs.toFixed(1)} ms\n`);
  const after = store.size();
  expect(after.freePages).toBeLessThanOrEqual(sparePages(after));
  expect(before.bytes - after.bytes).toBeGreaterThan(0.8 * before.freeBytes);
  expect(gapMs).toBeLessThan(50);
  expect(store.read((r) => r.meta.get('epoch'))).toBe('19');
});

test('the file itself is shorter once SQLite has written its log into it, and sound', async () => {
  using opened: TestStore = openTestStore();
  await fillAndEmpty(opened.store);
  await giveBack(opened.store, { keep: () => 0, idleMoment: always });
  expect(opened.store.size().freePages).toBe(0);
  opened.store.close();
  expect(statSync(opened.path).size).toBeLessThan(1_500_000);
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(opened.path, { readonly: true });
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.prepare('SELECT count(*) FROM events').pluck().get()).toBe(50);
  db.close();
});

test('it leaves what is not worth the work, waits for idle moments, and ends when none comes or somebody cancels', async () => {
  using opened = openTestStore();
  const { store } = opened;
  await fillAndEmpty(store);
  const { freePages } = store.size();
  expect(await giveBack(store, { keep: () => freePages, idleMoment: always })).toBe(0);
  expect(await giveBack(store, { keep: () => 0, idleMoment: async () => false })).toBe(0);
  expect(await giveBack(store, { keep: () => 0, idleMoment: always, signal: AbortSignal.abort() })).toBe(0);
  expect(store.size().freePages).toBe(freePages);
  let moments = 0;
  const given = await giveBack(store, { keep: () => 0, idleMoment: async () => ++moments <= 2 });
  expect(given).toBeGreaterThan(0);
  expect(store.size().freePages).toBe(freePages - given);
});

test.each([
  [32, 0.1, 64],
  [32, 3, 32],
  [32, 11, 16],
  [1, 500, 1],
  [limits.vacuumSlicePages, 0.1, limits.vacuumSlicePages],
])('after a slice of %d pages that took %d ms the next has %d', (pages, tookMs, next) => {
  expect(nextSlice(pages, tookMs)).toBe(next);
});

test.each([
  [1_000, 4096, 256],
  [100_000, 4096, 5_000],
  [10, 65_536, 16],
])('of %d pages with %d bytes, %d may stay free', (pages, pageBytes, spare) => {
  expect(sparePages({ pages, pageBytes })).toBe(spare);
});

test('an idle moment is waited for, but not for ever', async () => {
  const clock = createManualClock();
  let busy = 3;
  const soon = untilIdle({ clock, isIdle: () => busy-- <= 0 });
  await settled();
  await clock.advanceAsync(1_000);
  expect(await soon).toBe(true);
  const never = untilIdle({ clock, isIdle: () => false });
  await settled();
  await clock.advanceAsync(limits.idleWaitMs + 1_000);
  expect(await never).toBe(false);
});
