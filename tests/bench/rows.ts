// A row of the report: what was measured, the raw limit of the same work from the same run, and the target where there is one.
import { ratioOf, type Summary, summarize } from './statistics.ts';

export interface Target {
  readonly must: number;
  readonly aim: number;
}

export interface Row {
  readonly name: string;
  readonly raw: string;
  readonly unit: 'µs' | 'ms' | 'MiB' | '%' | 'processes' | '×';
  readonly failures: number;
  readonly ours: Summary;
  readonly limit?: Summary;
  /** speed: raw time / ours, more is better. time: ours / raw, less is better. value: ours itself, less is better. */
  readonly kind: 'speed' | 'time' | 'value';
  readonly figure: number;
  readonly target?: Target;
}

export type RowSpec = Pick<Row, 'name' | 'raw' | 'unit' | 'failures'> & { readonly kind: 'speed' | 'time'; readonly target?: Target };

export function compared(spec: RowSpec, ours: readonly number[], limit: readonly number[]): Row {
  const figure = spec.kind === 'speed' ? ratioOf(limit, ours) : ratioOf(ours, limit);
  return { ...spec, ours: summarize(ours), limit: summarize(limit), figure };
}

/** A row that is measured against a bound of its own and no other work; p99 wants 100 samples. */
export function bounded(
  spec: Pick<Row, 'name' | 'unit' | 'failures' | 'target'>,
  values: readonly number[],
  at: 'p50' | 'p99' = 'p50',
): Row {
  const ours = summarize(values);
  return { ...spec, raw: '', ours, kind: 'value', figure: ours[at] ?? Number.NaN };
}

export function verdict({ kind, figure, target }: Pick<Row, 'kind' | 'figure' | 'target'>): string {
  if (target === undefined) return '';
  const reaches = (bound: number): boolean => (kind === 'speed' ? figure >= bound : figure <= bound);
  return reaches(target.aim) ? 'aim' : reaches(target.must) ? 'must' : 'SHORT';
}
