// Durations in a bounded histogram: 32 buckets of the same width in each doubling, so that a percentile is at most 1/32 too high whatever
// the scale. Node's own RecordableHistogram gives percentiles as cheaply, but not the counts below given bounds, without which nobody can
// tell what a percentile was in the last five minutes.
import { durationBoundsMs } from '../../schemas/figures.ts';

export interface Histogram {
  record(durationMs: number): void;
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
  /** By nearest rank, 0 < share ≤ 1: the upper bound of the bucket it falls into, and never more than the longest. 0 when empty. */
  percentile(share: number): number;
  /** How many fell into each bucket of `durationBoundsMs`, and beyond the last. Both ends are exact: `le` means less or equal. */
  counts(): number[];
}

/** 1/1024 ms, so that whole milliseconds are edges of buckets. */
const unitsPerMs = 1_024;
const perDoubling = 32;
const doublings = 28;
const most = 2 ** 32 - 1;

export function createHistogram(): Histogram {
  const buckets = new Float64Array(perDoubling * doublings);
  let count = 0;
  let totalMs = 0;
  let maxMs = 0;
  return {
    record(durationMs) {
      buckets[bucketOf(durationMs)]! += 1;
      count += 1;
      totalMs += durationMs;
      if (durationMs > maxMs) maxMs = durationMs;
    },
    get count() {
      return count;
    },
    get totalMs() {
      return totalMs;
    },
    get maxMs() {
      return maxMs;
    },
    percentile(share) {
      let left = Math.max(1, Math.ceil(count * share));
      for (const [index, filled] of buckets.entries()) {
        left -= filled;
        if (left <= 0) return Math.min(upperBoundMs(index), maxMs);
      }
      return 0;
    },
    counts() {
      const sums = Array.from({ length: durationBoundsMs.length + 1 }, () => 0);
      let bound = 0;
      for (const [index, filled] of buckets.entries()) {
        while (bound < durationBoundsMs.length && upperBoundMs(index) > durationBoundsMs[bound]!) bound += 1;
        sums[bound]! += filled;
      }
      return sums;
    },
  };
}

/** The last bucket also takes what is longer than it reaches. */
function bucketOf(durationMs: number): number {
  const units = Math.max(0, Math.min(most, Math.ceil(durationMs * unitsPerMs) - 1));
  const exponent = 31 - Math.clz32(units);
  if (exponent < 5) return units;
  return (exponent - 4) * perDoubling + ((units >>> (exponent - 5)) & (perDoubling - 1));
}

function upperBoundMs(bucket: number): number {
  const doubling = Math.floor(bucket / perDoubling);
  const step = (bucket % perDoubling) + 1;
  return (doubling === 0 ? step : (perDoubling + step) * 2 ** (doubling - 1)) / unitsPerMs;
}
