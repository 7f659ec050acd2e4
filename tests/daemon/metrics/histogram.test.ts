import { expect, test } from 'vitest';
import { createHistogram } from '../../../daemon/metrics/histogram.ts';
import { durationBoundsMs } from '../../../schemas/figures.ts';

/** Durations from a microsecond to an hour, every scale as often, the same ones each time. */
function durations(count: number): number[] {
  let state = 7;
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return Array.from({ length: count }, () => 0.001 * 3.6e9 ** next());
}

function filled(values: readonly number[]) {
  const histogram = createHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test('a percentile is that of nearest rank, never too low and at most 1/32 or a microsecond too high', () => {
  for (const count of [1, 2, 19, 100, 5_000]) {
    const values = durations(count);
    const sorted = values.toSorted((a, b) => a - b);
    const histogram = filled(values);
    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = sorted[Math.ceil(count * share) - 1] as number;
      const told = histogram.percentile(share);
      expect(told, `p${share} of ${count}`).toBeGreaterThanOrEqual(exact);
      expect(told, `p${share} of ${count}`).toBeLessThanOrEqual(exact + Math.max(exact / 32, 0.001));
    }
    expect(histogram.percentile(1)).toBe(sorted.at(-1));
    expect(histogram.maxMs).toBe(sorted.at(-1));
    expect(histogram.count).toBe(count);
    expect(histogram.totalMs).toBeCloseTo(values.reduce((sum, value) => sum + value));
  }
});

test('what lasted exactly as long as a bound counts below it, what lasted a little longer does not', () => {
  for (const [index, boundMs] of durationBoundsMs.entries()) {
    const counts = filled([boundMs, boundMs * (1 + 1e-9)]).counts();
    expect(counts[index], `${boundMs} ms`).toBe(1);
    expect(counts[index + 1], `${boundMs} ms`).toBe(1);
  }
});

test('the counts below the bounds are those of the durations', () => {
  const values = durations(5_000);
  let below = Number.NEGATIVE_INFINITY;
  const expected = [...durationBoundsMs, Number.POSITIVE_INFINITY].map((bound) => {
    const within = values.filter((value) => value > below && value <= bound).length;
    below = bound;
    return within;
  });
  expect(filled(values).counts()).toEqual(expected);
});

test('nothing was recorded: zeros, and no infinity or NaN', () => {
  const empty = createHistogram();
  expect([empty.percentile(0.5), empty.percentile(1), empty.maxMs, empty.count, empty.totalMs]).toEqual([0, 0, 0, 0, 0]);
  expect(new Set(empty.counts())).toEqual(new Set([0]));
});

test('a duration of nothing and one of a year are counted too', () => {
  const yearMs = 365 * 24 * 60 * 60 * 1000;
  const histogram = filled([0, yearMs]);
  expect(histogram.counts()).toEqual([1, ...durationBoundsMs.slice(1).map(() => 0), 1]);
  expect(histogram.percentile(0.5)).toBeLessThan(0.002);
  expect(histogram.maxMs).toBe(yearMs);
});
