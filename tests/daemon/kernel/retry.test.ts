import { expect, test } from 'vitest';
import { systemClock } from '../../../daemon/kernel/clock.ts';
import { backoffMs, type RetryPolicy, retry, retryPolicies, sleep } from '../../../daemon/kernel/retry.ts';
import { createManualClock, settled } from '../../helpers/manual-clock.ts';

const policy: RetryPolicy = { maxAttempts: 4, initialBackoffMs: 100, multiplier: 2, maxBackoffMs: 350, jitter: 0.5 };
const busy = new Error('busy');

/** Fails the first `failures` times; the middle of the jitter, so that delays are round. */
function setUp(failures: number) {
  const clock = createManualClock();
  const attempts: number[] = [];
  const delays: number[] = [];
  const options = {
    clock,
    random: () => 0.5,
    isRetryable: (error: unknown) => error === busy,
    onRetry: (_: number, delayMs: number) => void delays.push(delayMs),
  };
  const work = (attempt: number): string => {
    attempts.push(attempt);
    if (attempts.length <= failures) throw busy;
    return 'done';
  };
  return { clock, attempts, delays, options, work };
}

test('work that succeeds is called once and waits for nothing', async () => {
  const { clock, attempts, options, work } = setUp(0);
  expect(await retry(work, policy, options)).toBe('done');
  expect(attempts).toEqual([1]);
  expect(clock.everArmed).toBe(0);
});

test('maxAttempts counts all calls, the first included, and the last error comes out as it was thrown', async () => {
  const { clock, attempts, delays, options, work } = setUp(99);
  const result = retry(work, policy, options).catch((error: unknown) => error);
  await settled();
  await clock.advanceAsync(10_000);
  expect(await result).toBe(busy);
  expect(attempts).toEqual([1, 2, 3, 4]);
  expect(delays).toEqual([100, 200, 350]);
});

test('it stops at the first success', async () => {
  const { clock, attempts, options, work } = setUp(2);
  const result = retry(work, policy, options);
  await settled();
  await clock.advanceAsync(300);
  expect(await result).toBe('done');
  expect(attempts).toEqual([1, 2, 3]);
});

test('an error that is not retryable ends it at once', async () => {
  const { attempts, options } = setUp(0);
  const fatal = new Error('fatal');
  const work = (attempt: number): never => {
    attempts.push(attempt);
    throw fatal;
  };
  await expect(retry(work, policy, options)).rejects.toBe(fatal);
  expect(attempts).toEqual([1]);
});

test.each([
  ['storeWrite', [100, 150, 225, 337.5, 506.25, 759.375, 1139.0625]],
  ['storeRead', [50, 100]],
  ['file', [100, 200]],
] as const)('the delays of policy %s without jitter', (name, delays) => {
  const named: RetryPolicy = retryPolicies[name];
  expect(Array.from({ length: named.maxAttempts - 1 }, (_, index) => backoffMs(named, index + 1, 0.5))).toEqual(delays);
});

test('jitter makes a delay up to half shorter or longer, and the cap comes after it', () => {
  expect(backoffMs(policy, 1, 0)).toBe(50);
  expect(backoffMs(policy, 1, 0.999999)).toBeCloseTo(150, 2);
  for (let n = 0; n < 10_000; n++) {
    const delayMs = backoffMs(policy, 2, Math.random());
    expect(delayMs).toBeGreaterThanOrEqual(100);
    expect(delayMs).toBeLessThan(300);
  }
  // 400 before jitter, over the cap: a jitter that makes it 200 counts, one that makes it 600 does not.
  expect(backoffMs(policy, 3, 0)).toBe(200);
  expect(backoffMs(policy, 3, 0.99)).toBe(350);
});

test('an aborted signal keeps the first call from being made', async () => {
  const { attempts, options, work } = setUp(0);
  await expect(retry(work, policy, { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'CANCELLED' });
  expect(attempts).toEqual([]);
});

test('a cancel during the wait ends it at once, within 20 ms, and no further call is made', async () => {
  const { attempts, options, work } = setUp(99);
  const abort = new AbortController();
  const slow = { ...policy, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
  const result = retry(work, slow, { ...options, clock: systemClock, signal: abort.signal }).catch((error: unknown) => error);
  await settled();
  const begun = performance.now();
  abort.abort();
  expect(await result).toMatchObject({ kind: 'CANCELLED' });
  expect(performance.now() - begun).toBeLessThan(20);
  expect(attempts).toEqual([1]);
});

test('a cancel is never tried again, whatever the classification says', async () => {
  const { clock, attempts, options, work } = setUp(99);
  const abort = new AbortController();
  const result = retry(work, policy, { ...options, isRetryable: () => true, signal: abort.signal }).catch((error: unknown) => error);
  await settled();
  abort.abort();
  await clock.advanceAsync(10_000);
  expect(await result).toMatchObject({ kind: 'CANCELLED' });
  expect(attempts).toEqual([1]);
});

test('a sleep leaves neither a timer nor a listener behind', async () => {
  const clock = createManualClock();
  const abort = new AbortController();
  const slept = sleep(clock, 50, abort.signal);
  clock.advance(50);
  await slept;
  const cancelled = sleep(clock, 50, abort.signal);
  abort.abort();
  await expect(cancelled).rejects.toMatchObject({ kind: 'CANCELLED' });
  expect(clock.armed).toBe(0);
  await expect(sleep(clock, 50, abort.signal)).rejects.toMatchObject({ kind: 'CANCELLED' });
  expect(clock.armed).toBe(0);
});

test('a thousand successes cost less than 10 µs each', async () => {
  const { options } = setUp(0);
  const begun = performance.now();
  for (let n = 0; n < 1000; n++) await retry(() => n, policy, options);
  // Ten times the promise: this machine is shared.
  expect(performance.now() - begun).toBeLessThan(100);
});
