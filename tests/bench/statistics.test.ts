import { describe, expect, test } from 'vitest';
import { ratioOf, summarize, welch } from './statistics.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

describe('a summary', () => {
  test('takes percentiles by nearest rank: a value that was measured, whatever the order', () => {
    expect(summarize([15, 20, 35, 40, 50].toReversed())).toMatchObject({ n: 5, p50: 35, min: 15, max: 50, mean: 32 });
    expect(summarize([3, 6, 7, 8, 8, 10, 13, 15, 16, 20]).p50).toBe(8);
    expect(summarize(upTo(20))).toMatchObject({ p50: 10, p95: 19 });
    expect(summarize(upTo(100))).toMatchObject({ p50: 50, p95: 95, p99: 99, max: 100 });
    expect(summarize(upTo(1_000))).toMatchObject({ p95: 950, p99: 990 });
  });

  test('has the standard deviation of a sample, by n − 1', () => {
    expect(summarize([2, 4, 4, 4, 5, 5, 7, 9]).sd).toBeCloseTo(2.13809, 5);
    expect(summarize([1, 2, 3, 4, 5]).sd).toBeCloseTo(Math.sqrt(2.5), 12);
    expect(summarize([7, 7]).sd).toBe(0);
  });

  test('of one sample says null where one can not say anything', () => {
    expect(summarize([4])).toEqual({ n: 1, mean: 4, sd: null, min: 4, p50: 4, p95: null, p99: null, max: 4 });
  });

  test('says p95 from 20 samples on and p99 from 100 on', () => {
    expect([summarize(upTo(19)).p95, summarize(upTo(20)).p95]).toEqual([null, 19]);
    expect([summarize(upTo(99)).p99, summarize(upTo(100)).p99]).toEqual([null, 99]);
  });

  test('of nothing is refused', () => {
    expect(() => summarize([])).toThrow('no samples');
  });
});

test('the ratio is the median of the ratios of the rounds', () => {
  expect(ratioOf([2, 40, 3], [1, 10, 3])).toBe(2);
});

describe("Welch's t-test", () => {
  // As R prints them: t.test(extra ~ group, sleep) and t.test(mpg ~ am, mtcars).
  const sleep = [
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2],
    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
  ] as const;
  const mtcars = [
    [21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 21.5, 15.5, 15.2, 13.3, 19.2],
    [21, 21, 22.8, 32.4, 30.4, 33.9, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4],
  ] as const;

  test.each([
    { name: 'sleep', data: sleep, t: -1.8608, df: 17.776, p: 0.07939 },
    { name: 'mtcars', data: mtcars, t: -3.7671, df: 18.332, p: 0.001374 },
  ])('gives t, df and p of the data "$name"', ({ data: [a, b], t, df, p }) => {
    const found = welch(a, b);
    expect(Math.abs(found.t - t)).toBeLessThan(1e-4);
    expect(Math.abs(found.df - df)).toBeLessThan(1e-3);
    expect(Math.abs(found.p - p)).toBeLessThan(1e-5);
    expect(welch(b, a)).toEqual({ t: -found.t, df: found.df, p: found.p });
  });

  // Two samples of n, of the same spread, whose means are so far apart that t is the critical value of the tables of Student.
  test.each([
    { df: 2, t: 4.302653, p: 0.05 },
    { df: 10, t: 2.228139, p: 0.05 },
    { df: 10, t: 3.169273, p: 0.01 },
    { df: 18, t: 2.100922, p: 0.05 },
    { df: 38, t: 2.024394, p: 0.05 },
    { df: 100, t: 1.660234, p: 0.1 },
    { df: 198, t: 2.600887, p: 0.01 },
  ])('has p = $p at t = $t with $df degrees of freedom', ({ df, t, p }) => {
    const n = df / 2 + 1;
    const base = upTo(n);
    const spread = ((n * (n + 1)) / 12) ** 0.5;
    const found = welch(
      base.map((value) => value + t * spread * Math.sqrt(2 / n)),
      base,
    );
    expect(found.df).toBeCloseTo(df, 6);
    expect(found.t).toBeCloseTo(t, 6);
    expect(Math.abs(found.p - p)).toBeLessThan(1e-5);
  });

  test('without any spread is certain, and of one sample is refused', () => {
    expect(welch([2, 2], [1, 1])).toMatchObject({ t: Number.POSITIVE_INFINITY, p: 0 });
    expect(welch([1, 1], [1, 1])).toMatchObject({ t: 0, p: 1 });
    expect(() => welch([1], [1, 2])).toThrow('two samples');
  });
});
