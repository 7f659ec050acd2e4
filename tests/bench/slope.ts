// How a cost grows with a size: the exponent of the power law through its points. 0 is flat, 1 is in proportion, below 0 fixed costs share out.
import { median } from './statistics.ts';

export interface Growth {
  /** Of the least squares through all sizes, in logarithms. */
  readonly exponent: number;
  /** Of the two largest sizes alone: what begins to grow late is not hidden by what small sizes cost. */
  readonly lastExponent: number;
  readonly verdict: 'flat' | 'falls' | 'GROWS';
}

/** A hundred times as much may cost twice as much a piece: a tree gets deeper, a cache smaller than the whole. A scan costs a hundred times. */
export const flatWithin = 0.15;

/** `samples` by size, in the order of `sizes`, each by round. The exponents are the medians of those of the rounds. */
export function growth(sizes: readonly number[], samples: readonly (readonly number[])[]): Growth {
  const rounds = samples[0]?.length ?? 0;
  if (sizes.length < 2 || sizes.length !== samples.length || rounds === 0) throw new Error('A slope needs samples of two sizes at least.');
  const costsOf = (round: number): number[] => samples.map((values) => values[round] ?? Number.NaN);
  const each = Array.from({ length: rounds }, (_, round) => costsOf(round));
  const exponent = median(each.map((costs) => exponentOf(sizes, costs)));
  const lastExponent = median(each.map((costs) => exponentOf(sizes.slice(-2), costs.slice(-2))));
  const most = Math.max(exponent, lastExponent);
  const verdict = most <= flatWithin ? (exponent < -flatWithin ? 'falls' : 'flat') : 'GROWS';
  return { exponent, lastExponent, verdict };
}

function exponentOf(sizes: readonly number[], costs: readonly number[]): number {
  const [x, y] = [sizes.map(Math.log), costs.map(Math.log)];
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, index) => sum + (value - meanX) * ((y[index] ?? Number.NaN) - meanY), 0);
  return covariance / x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}
