// Chance that can be had again: COPPICE_SEED, or what the test was written with. It is printed, since a failure is only worth what it tells.
import { seededRandom } from './seeded-random.ts';

export interface Chance {
  readonly seed: number;
  /** 0 ≤ n < 1. */
  next(): number;
  /** 0 ≤ n < below, whole. */
  below(below: number): number;
  pick<T>(values: readonly T[]): T;
}

export function seededChance(what: string, usual: number): Chance {
  const seed = Number(process.env.COPPICE_SEED ?? usual);
  process.stderr.write(`${what}: COPPICE_SEED=${seed}\n`);
  const next = seededRandom(seed);
  const below = (bound: number): number => Math.floor(next() * bound);
  return { seed, next, below, pick: (values) => values[below(values.length)] as (typeof values)[number] };
}
