import { expect, test } from 'vitest';
import { policyOf } from '../../../daemon/kernel/again.ts';
import { systemClock } from '../../../daemon/kernel/clock.ts';
import { backoffMs, type RetryPolicy, type RetryStatus, retry, sleep } from '../../../daemon/kernel/retry.ts';
import { Failure } from '../../../schemas/errors.ts';
import { RetryConfig, type RetryName } from '../../../schemas/retry.ts';
import { createManualClock, settled } from '../../helpers/manual-clock.ts';

const policy: RetryPolicy = { maxAttempts: 4, initialBackoffMs: 100, multiplier: 2, maxBackoffMs: 350, jitter: 0.5 };
const busy = Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });

/** Fails the first `failures` times, by `error`; the middle of the jitter, so that delays are round. */
function setUp(failures: number, error: unknown = busy) {
  const clock = createManualClock();
  const attempts: number[] = [];
  const statuses: RetryStatus[] = [];
  const options = { clock, random: () => 0.5, onStatus: (status: RetryStatus) => void statuses.push(status) };
  const work = (attempt: number): string => {
    attempts.push(attempt);
    if (attempts.length <= failures) throw error;
    return 'done';
  };
  return { clock, attempts, statuses, options, work, delays: () => statuses.map(({ delayMs }) => delayMs) };
}

test('work that succeeds is called once and waits for nothing', async () => {
  const { clock, attempts, options, work } = setUp(0);
  expect(await retry(work, policy, options)).toBe('done');
  expect(attempts).toEqual([1]);
  expect(clock.everArmed).toBe(0);
});

test('maxAttempts counts all calls, the first included, and the last error comes out as it was thrown', async () => {
  const { clock, attempts, statuses, options, work, delays } = setUp(99);
  const result = retry(work, policy, options).catch((error: unknown) => error);
  await settled();
  await clock.advanceAsync(10_000);
  expect(await result).toBe(busy);
  expect(attempts).toEqual([1, 2, 3, 4]);
  expect(delays()).toEqual([100, 200, 350]);
  expect(statuses[1]).toEqual({ attempt: 2, delayMs: 200, error: busy });
});

test('one attempt is no retry', async () => {
  const { clock, attempts, options, work } = setUp(99);
  await expect(retry(work, { ...policy, maxAttempts: 1 }, options)).rejects.toBe(busy);
  expect(attempts).toEqual([1]);
  expect(clock.everArmed).toBe(0);
});

test('it stops at the first success', async () => {
  const { clock, attempts, options, work } = setUp(2);
  const result = retry(work, policy, options);
  await settled();
  await clock.advanceAsync(300);
  expect(await result).toBe('done');
  expect(attempts).toEqual([1, 2, 3]);
});

test.each([
  ['an error of a kind nobody knows', new Error('fatal')],
  ['a missing file', Object.assign(new Error('x'), { code: 'ENOENT' })],
  ['no error at all', null],
])('%s ends it at once, with its cause untouched', async (_, error) => {
  const { attempts, options, work } = setUp(99, error);
  const caught = await retry(work, policy, options).then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  );
  expect(caught).toBe(error);
  expect(attempts).toEqual([1]);
});

test.each<[RetryName, number[]]>([
  ['default', [100, 200]],
  ['store_write', [100, 150, 225, 337, 506, 759, 1139]],
  ['store_read', [50, 100]],
  ['file', [100, 200]],
  ['network', [1000, 2000, 4000, 8000]],
  ['agent_launch', [1000, 2000]],
])('the delays of policy %s without jitter', async (name, delays) => {
  const { clock, options, work, delays: told } = setUp(99);
  const named = policyOf(RetryConfig.parse({ [name]: { jitter: 0 } })[name]);
  const result = retry(work, named, options).catch((error: unknown) => error);
  await settled();
  await clock.advanceAsync(1_000_000);
  expect(await result).toBe(busy);
  expect(told()).toEqual(delays);
});

test('jitter makes a delay up to half shorter or longer over 10 000 draws, and the cap comes after it', () => {
  expect(backoffMs(policy, 1, 0)).toBe(50);
  expect(backoffMs(policy, 1, 0.999999)).toBe(149);
  const drawn = Array.from({ length: 10_000 }, () => backoffMs(policy, 2, Math.random()));
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(100);
  expect(Math.max(...drawn)).toBeLessThan(300);
  // It is spread over the whole width, evenly to both sides.
  expect(Math.min(...drawn)).toBeLessThan(105);
  expect(Math.max(...drawn)).toBeGreaterThan(295);
  expect(Math.abs(drawn.reduce((sum, ms) => sum + ms, 0) / drawn.length - 200)).toBeLessThan(5);
  // 400 before jitter, over the cap: a jitter that makes it 200 counts, one that makes it 600 does not.
  expect(backoffMs(policy, 3, 0)).toBe(200);
  expect(backoffMs(policy, 3, 0.99)).toBe(350);
  expect(backoffMs({ ...policy, jitter: 0 }, 1, 0.99)).toBe(100);
});

test.each([
  ['what the other side asks for wins over backoff, jitter and cap', 7_000, 7_000],
  ['no longer than two minutes', 3_600_000, 120_000],
  ['nor less than nothing', -5, 0],
])('%s', async (_, retryAfterMs, delayMs) => {
  const { clock, options, work, delays } = setUp(1, Object.assign(new Error('later'), { status: 503, retryAfterMs }));
  const result = retry(work, policy, { ...options, random: () => 0.99 });
  await settled();
  await clock.advanceAsync(delayMs);
  expect(await result).toBe('done');
  expect(delays()).toEqual([delayMs]);
});

test('a budget ends it before a wait that would pass its end', async () => {
  const { clock, attempts, options, work } = setUp(99);
  const result = retry(work, policy, { ...options, budgetMs: 300 }).catch((error: unknown) => error);
  await settled();
  await clock.advanceAsync(10_000);
  expect(await result).toBe(busy);
  // 100 and 200 fit, 350 more do not.
  expect(attempts).toEqual([1, 2, 3]);
});

test('what the next call mends by itself is tried once more, and not twice', async () => {
  const gone = new Failure('UNAVAILABLE', 'The server is gone.', { details: { reason: 'no_server' } });
  const { clock, attempts, options, work } = setUp(99, gone);
  const result = retry(work, policy, options).catch((error: unknown) => error);
  await settled();
  await clock.advanceAsync(10_000);
  expect(await result).toBe(gone);
  expect(attempts).toEqual([1, 2]);
});

test('an aborted signal keeps the first call from being made', async () => {
  const { attempts, options, work } = setUp(0);
  await expect(retry(work, policy, { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'CANCELLED' });
  expect(attempts).toEqual([]);
});

test('a cancel during the wait ends it within 20 ms, tells what failed before, and no further call is made', async () => {
  const { attempts, options, work } = setUp(99);
  const slow = { ...policy, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const abort = new AbortController();
    const result = retry(work, slow, { ...options, clock: systemClock, signal: abort.signal }).catch((error: unknown) => error);
    await settled();
    const begun = performance.now();
    abort.abort();
    expect(await result).toMatchObject({ kind: 'CANCELLED', cause: busy });
    times.push(performance.now() - begun);
  }
  expect(Math.max(...times)).toBeLessThan(20);
  expect(attempts).toHaveLength(20);
});

test('a cancel is never tried again, whatever the classification says', async () => {
  const { clock, attempts, options, work } = setUp(99);
  const abort = new AbortController();
  const result = retry(work, policy, { ...options, classify: () => ({ kind: 'transient' }), signal: abort.signal }).catch(
    (error: unknown) => error,
  );
  await settled();
  abort.abort();
  await clock.advanceAsync(10_000);
  expect(await result).toMatchObject({ kind: 'CANCELLED' });
  expect(attempts).toEqual([1]);
});

test('work that ends by our abort is cancelled, by an abort of its own it fails as it says', async () => {
  const aborted = new DOMException('stopped', 'AbortError');
  const abort = new AbortController();
  const own = setUp(99, aborted);
  await expect(retry(own.work, policy, own.options)).rejects.toBe(aborted);
  const ours = setUp(99, aborted);
  const work = (attempt: number): string => {
    abort.abort();
    return ours.work(attempt);
  };
  await expect(retry(work, policy, { ...ours.options, signal: abort.signal })).rejects.toMatchObject({ kind: 'CANCELLED', cause: aborted });
  expect([own.attempts, ours.attempts]).toEqual([[1], [1]]);
});

test('a retry that runs keeps the policy it began with', async () => {
  const { clock, attempts, options, work } = setUp(99);
  const changing = { ...policy, maxAttempts: 2 };
  const result = retry(work, { ...changing }, options).catch((error: unknown) => error);
  changing.maxAttempts = 9;
  await settled();
  await clock.advanceAsync(10_000);
  expect(await result).toBe(busy);
  expect(attempts).toEqual([1, 2]);
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

test('success costs less than 10 µs more than the call itself', async () => {
  const { options } = setUp(0);
  const rounds: number[] = [];
  for (let round = 0; round < 20; round++) {
    const begun = performance.now();
    for (let n = 0; n < 1000; n++) await retry(() => n, policy, options);
    rounds.push(performance.now() - begun);
  }
  // Of a thousand calls, in milliseconds, so microseconds a call; the best round is the one that nobody disturbed.
  expect(Math.min(...rounds)).toBeLessThan(10);
});
