import { afterEach, expect, test, vi } from 'vitest';
import { countTimes, cronProblem, everyCron } from '../../../daemon/tools/cron.ts';

const at = (text: string) => Date.parse(text);

test.each(['* * * * *', '0 3 * * *', '*/10 * * * * *', '0 9 * * 1-5', '@daily'])('%s is a cron expression', (cron) => {
  expect(cronProblem(cron)).toBeUndefined();
});

test.each(['', 'often', '* * * *', '61 * * * *', '$(date)'])('%j is none', (cron) => {
  expect(cronProblem(cron)).toContain('no cron expression');
});

test('times are counted after the one instant and up to the other, in their zone, looking back so far and no further', async () => {
  const day = { cron: '0 3 * * *', timezone: 'Europe/Berlin' };
  expect(await countTimes(day, at('2026-01-10T02:00:00Z'), at('2026-01-12T02:00:00Z'), 10_080)).toBe(2);
  expect(await countTimes(day, at('2026-01-10T02:00:00Z'), at('2026-01-12T01:59:00Z'), 10_080)).toBe(1);
  expect(await countTimes({ cron: '* * * * *' }, at('2026-01-10T02:00:30Z'), at('2026-01-10T02:05:10Z'), 10_080)).toBe(5);
  expect(await countTimes({ cron: '*/10 * * * * *' }, at('2026-01-10T02:00:00Z'), at('2026-01-10T02:01:00Z'), 10_080)).toBe(6);
  expect(await countTimes({ cron: '* * * * *' }, 0, at('2026-01-10T02:00:00Z'), 300)).toBe(300);
});

afterEach(() => void vi.useRealTimers());

test('work is done at its times until it is ended, and never when that comes before it has begun', async () => {
  vi.useFakeTimers({ now: at('2026-01-10T02:00:01Z') });
  const [done, never] = [vi.fn(), vi.fn()];
  const [end, endAtOnce] = [everyCron('*/10 * * * * *', done), everyCron('* * * * * *', never)];
  await endAtOnce();
  await vi.advanceTimersByTimeAsync(32_000);
  expect(done).toHaveBeenCalledTimes(3);
  await end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(done).toHaveBeenCalledTimes(3);
  expect(never).not.toHaveBeenCalled();
});
