// Another process holds the write lock: whoever only reads, and the event loop, do not notice.
import { expect, test } from 'vitest';
import { holdWriteLock } from '../../helpers/hold-lock.ts';
import { openTestStore, projectRow } from '../../helpers/open-store.ts';

test('while another process holds the lock for 1.5 s, reads answer, the loop turns, and the write then succeeds', async () => {
  const busy: number[] = [];
  using opened = openTestStore({ onBusy: ({ attempt }) => void busy.push(attempt) });
  const { store } = opened;
  await store.write((w) => w.projects.insert(projectRow()));
  await using lock = await holdWriteLock(opened.path, 1500);
  // How late it may turn is for a daemon of its own to show (tests/flows): here others want the processor too.
  let turns = 0;
  const watch = setInterval(() => {
    turns += 1;
    expect(store.read((r) => r.projects.count())).toBe(1);
  }, 10);
  const begun = performance.now();
  await Promise.all([store.write((w) => w.meta.set('epoch', 'a')), store.write((w) => w.meta.set('clean_stop', '1'))]);
  const tookMs = performance.now() - begun;
  clearInterval(watch);
  expect(tookMs).toBeGreaterThan(1000);
  expect(tookMs).toBeLessThan(4000);
  expect(turns).toBeGreaterThan(20);
  expect(busy.length).toBeGreaterThan(1);
  expect(busy).toEqual(busy.map((_, index) => index + 1));
  expect(store.read((r) => [r.meta.get('epoch'), r.meta.get('clean_stop')])).toEqual(['a', '1']);
  await lock.released;
});

test('a lock that outlasts all attempts is STORE_BUSY, nothing was written, and the next write goes through', async () => {
  const policy = { maxAttempts: 3, initialBackoffMs: 10, multiplier: 1, maxBackoffMs: 10, jitter: 0 };
  const busy: number[] = [];
  using opened = openTestStore({ writePolicy: () => policy, onBusy: ({ attempt }) => void busy.push(attempt) });
  const { store } = opened;
  await using lock = await holdWriteLock(opened.path, 60_000);
  let calls = 0;
  const failed = await store
    .write((w) => {
      calls += 1;
      w.meta.set('epoch', 'a');
    })
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({ kind: 'STORE_BUSY', retryable: true, cause: { code: expect.stringMatching(/^SQLITE_BUSY/) } });
  // Three tries to begin, so two waits; what stands inside was never run.
  expect(busy).toEqual([1, 2]);
  expect(calls).toBe(0);
  await lock.release();
  await store.write((w) => w.meta.set('epoch', 'b'));
  expect(store.read((r) => r.meta.get('epoch'))).toBe('b');
});
