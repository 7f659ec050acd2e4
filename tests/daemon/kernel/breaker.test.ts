import { expect, test, vi } from 'vitest';
import { createBreaker } from '../../../daemon/kernel/breaker.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

const broken = new Error('no start');

function setUp() {
  const clock = createManualClock();
  const breaker = createBreaker({ clock });
  const succeed = (provider = 'claude') => breaker.run(provider, async () => 'up');
  const fail = (provider = 'claude') => breaker.run(provider, () => Promise.reject(broken)).catch((error: unknown) => error);
  const times = async (count: number, work: () => Promise<unknown>): Promise<void> => {
    for (let n = 0; n < count; n++) await work();
  };
  return { clock, breaker, succeed, fail, times };
}

test('fewer than ten calls tell nothing, whatever comes of them', async () => {
  const { succeed, fail, times } = setUp();
  await times(9, fail);
  expect(await succeed()).toBe('up');
});

test('half of ten calls opens it: the next is refused at once, with the time to wait, and nothing is started', async () => {
  const { succeed, fail, times, breaker } = setUp();
  await times(5, succeed);
  await times(4, fail);
  expect(await fail()).toBe(broken);
  const work = vi.fn();
  const refused = breaker.run('claude', work);
  await expect(refused).rejects.toMatchObject({ kind: 'UNAVAILABLE', details: { provider: 'claude', retryAfterMs: 30_000 } });
  await expect(refused).rejects.toThrow('"claude" failed 5 of the last 10 times');
  expect(work).not.toHaveBeenCalled();
});

test('less than half does not open it, and only the last hundred calls count', async () => {
  const { succeed, fail, times } = setUp();
  await times(51, succeed);
  await times(49, fail);
  expect(await succeed()).toBe('up');
  // The oldest, a success, leaves the window for it.
  expect(await fail()).toBe(broken);
  expect(await fail()).toMatchObject({ kind: 'UNAVAILABLE' });
});

test('after 30 s one call goes through as a probe, and the others are refused while it runs', async () => {
  const { clock, succeed, fail, times, breaker } = setUp();
  await times(10, fail);
  clock.advance(29_999);
  expect(await fail()).toMatchObject({ kind: 'UNAVAILABLE' });
  clock.advance(1);
  let end = (): void => {};
  const probe = breaker.run('claude', () => new Promise<string>((resolve) => (end = () => resolve('probed'))));
  expect(await fail()).toMatchObject({ kind: 'UNAVAILABLE' });
  end();
  expect(await probe).toBe('probed');
  // What failed before is forgotten.
  await times(9, fail);
  expect(await succeed()).toBe('up');
});

test('a probe that fails opens it for another 30 s, one that is cancelled leaves the next to probe', async () => {
  const { clock, succeed, fail, times, breaker } = setUp();
  await times(10, fail);
  clock.advance(30_000);
  expect(await fail()).toBe(broken);
  clock.advance(29_999);
  expect(await fail()).toMatchObject({ kind: 'UNAVAILABLE' });
  clock.advance(1);
  const cancelled = new Failure('CANCELLED', 'x');
  await expect(breaker.run('claude', () => Promise.reject(cancelled))).rejects.toBe(cancelled);
  expect(await succeed()).toBe('up');
});

test('a cancel counts for nothing', async () => {
  const { succeed, times, breaker } = setUp();
  await times(20, () => breaker.run('claude', () => Promise.reject(new Failure('CANCELLED', 'x'))).catch(() => undefined));
  expect(await succeed()).toBe('up');
});

test('each provider has its own, and there are not more than the limit', async () => {
  const { succeed, fail, times } = setUp();
  await times(10, fail);
  expect(await succeed('codex')).toBe('up');
  expect(await fail()).toMatchObject({ kind: 'UNAVAILABLE' });
  for (let n = 0; n < limits.breakerProviders; n++) await succeed(`p${n}`);
  // The oldest was let go of.
  expect(await succeed()).toBe('up');
});
