// A row of the report: what was measured, the raw limit of the same work from the same run, and the target where there is one.
import { median, percentile, ratioOf } from './samples.ts';

export interface Target {
  readonly must: number;
  readonly aim: number;
}

export interface Row {
  readonly name: string;
  readonly raw: string;
  readonly unit: 'µs' | 'ms' | 'MiB';
  readonly n: number;
  readonly failures: number;
  readonly ours: { readonly p50: number; readonly p95: number };
  readonly limit?: { readonly p50: number; readonly p95: number };
  /** speed: raw time / ours, more is better. time: ours / raw, less is better. value: the figure itself, less is better. */
  readonly kind: 'speed' | 'time' | 'value';
  readonly figure: number;
  readonly target?: Target;
}

interface RowSpec {
  readonly name: string;
  readonly raw: string;
  readonly unit: Row['unit'];
  readonly kind: 'speed' | 'time';
  readonly failures: number;
  readonly target?: Target;
}

export function compared(spec: RowSpec, ours: readonly number[], limit: readonly number[]): Row {
  return {
    ...spec,
    n: ours.length,
    ours: { p50: median(ours), p95: percentile(ours, 0.95) },
    limit: { p50: median(limit), p95: percentile(limit, 0.95) },
    figure: spec.kind === 'speed' ? ratioOf(limit, ours) : ratioOf(ours, limit),
  };
}

export function verdict({ kind, figure, target }: Row): string {
  if (target === undefined) return '';
  const reaches = (bound: number): boolean => (kind === 'speed' ? figure >= bound : figure <= bound);
  return reaches(target.aim) ? 'aim' : reaches(target.must) ? 'must' : 'SHORT';
}
