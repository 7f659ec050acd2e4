// Another process holds the write lock: whoever only reads, and the event loop, do not notice.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTestStore, projectRow } from '../../helpers/open-store.ts';

const holder = join(import.meta.dirname, '../../fixtures/programs/hold-write-lock.mjs');

async function holdWriteLock(path: string, ms: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [holder, path, String(ms)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout as NodeJS.EventEmitter, 'data');
  return child;
}

// Times are of this process alone only while nobody else wants the processor: the best of three counts.
test('while another process holds the lock for 1.5 s, reads answer, the loop turns, and the write then succeeds', {
  retry: 2,
}, async () => {
  const busy: number[] = [];
  using opened = openTestStore({ onBusy: ({ attempt }) => void busy.push(attempt) });
  const { store } = opened;
  await store.write((w) => w.projects.insert(projectRow()));
  const child = await holdWriteLock(opened.path, 1500);
  let longestTurnMs = 0;
  let longestReadMs = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longestTurnMs = Math.max(longestTurnMs, performance.now() - last);
    const begun = performance.now();
    expect(store.read((r) => r.projects.count())).toBe(1);
    longestReadMs = Math.max(longestReadMs, performance.now() - begun);
    last = performance.now();
  }, 10);
  const begun = performance.now();
  await Promise.all([store.write((w) => w.meta.set('epoch', 'a')), store.write((w) => w.meta.set('clean_stop', '1'))]);
  const tookMs = performance.now() - begun;
  clearInterval(watch);
  expect(tookMs).toBeGreaterThan(1000);
  expect(tookMs).toBeLessThan(4000);
  expect(longestReadMs).toBeLessThan(100);
  expect(longestTurnMs).toBeLessThan(100);
  expect(busy.length).toBeGreaterThan(1);
  expect(busy).toEqual(busy.map((_, index) => index + 1));
  expect(store.read((r) => [r.meta.get('epoch'), r.meta.get('clean_stop')])).toEqual(['a', '1']);
  if (child.exitCode === null) await once(child, 'exit');
});

test('a lock that outlasts all attempts is STORE_BUSY, nothing was written, and the next write goes through', async () => {
  const policy = { maxAttempts: 3, initialBackoffMs: 10, multiplier: 1, maxBackoffMs: 10, jitter: 0 };
  const busy: number[] = [];
  using opened = openTestStore({ writePolicy: () => policy, onBusy: ({ attempt }) => void busy.push(attempt) });
  const { store } = opened;
  const child = await holdWriteLock(opened.path, 60_000);
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
  child.kill('SIGKILL');
  await once(child, 'exit');
  await store.write((w) => w.meta.set('epoch', 'b'));
  expect(store.read((r) => r.meta.get('epoch'))).toBe('b');
});
