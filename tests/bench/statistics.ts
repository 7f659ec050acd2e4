// What is said of a series of samples. A figure that so few samples can not carry is null, never a guess.
import jStat from 'jstat';

export interface Summary {
  readonly n: number;
  readonly mean: number;
  /** Of a sample: n − 1. Null for one. */
  readonly sd: number | null;
  readonly min: number;
  readonly p50: number;
  /** From 20 samples on. */
  readonly p95: number | null;
  /** From 100 samples on. */
  readonly p99: number | null;
  readonly max: number;
}

const leastFor = { p95: 20, p99: 100 };

export function summarize(values: readonly number[]): Summary {
  const sorted = sortedOf(values);
  const n = sorted.length;
  if (n === 0) throw new Error('There are no samples to say anything about.');
  return {
    n,
    mean: meanOf(sorted),
    sd: n > 1 ? Math.sqrt(varianceOf(sorted)) : null,
    min: atRank(sorted, 0),
    p50: atRank(sorted, 0.5),
    p95: n >= leastFor.p95 ? atRank(sorted, 0.95) : null,
    p99: n >= leastFor.p99 ? atRank(sorted, 0.99) : null,
    max: atRank(sorted, 1),
  };
}

export function median(values: readonly number[]): number {
  return atRank(sortedOf(values), 0.5);
}

/** The median of the ratios of each round, which a slow moment of the machine moves less than the ratio of the medians. */
export function ratioOf(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, round) => value / (below[round] ?? Number.NaN)));
}

export interface Welch {
  readonly t: number;
  /** By Welch and Satterthwaite. */
  readonly df: number;
  /** Two-sided: how often equal means would look at least as different. */
  readonly p: number;
}

/** Welch's t-test of the means of `a` and `b`; t is positive when those of `a` are larger. */
export function welch(a: readonly number[], b: readonly number[]): Welch {
  if (a.length < 2 || b.length < 2) throw new Error('A comparison of means needs two samples of each at least.');
  const [errorA, errorB] = [varianceOf(a) / a.length, varianceOf(b) / b.length];
  const difference = meanOf(a) - meanOf(b);
  const squared = errorA + errorB;
  // Without any spread the means differ for certain, or not at all.
  if (squared === 0)
    return {
      t: difference === 0 ? 0 : Math.sign(difference) * Number.POSITIVE_INFINITY,
      df: a.length + b.length - 2,
      p: difference === 0 ? 1 : 0,
    };
  const t = difference / Math.sqrt(squared);
  const df = squared ** 2 / (errorA ** 2 / (a.length - 1) + errorB ** 2 / (b.length - 1));
  return { t, df, p: jStat.ibeta(df / (df + t * t), df / 2, 0.5) };
}

function sortedOf(values: readonly number[]): number[] {
  return values.toSorted((left, right) => left - right);
}

/** By nearest rank: a value that was measured, never one between two. */
function atRank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
