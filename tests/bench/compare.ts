// Two versions of the daemon, the same benchmarks: which of them became slower for certain, and by so much that it matters.
import { inTurn, type Turn } from './samples.ts';
import { ratioOf, type Summary, summarize, type Welch, welch } from './statistics.ts';

/** One version, in a process of its own. */
export interface Side {
  /** What it can measure. */
  readonly names: readonly string[];
  open(name: string): Promise<Turn & { close(): Promise<void> }>;
}

export interface Comparison extends Welch {
  readonly name: string;
  readonly failures: number;
  readonly base: Summary;
  readonly head: Summary;
  /** The median of head / base of each round. */
  readonly ratio: number;
  readonly verdict: 'slower' | 'faster' | 'same';
}

export interface Outcome {
  readonly comparisons: readonly Comparison[];
  /** Benchmarks that one side has and the other has not. */
  readonly missing: readonly { readonly name: string; readonly from: 'base' | 'head' }[];
}

const significant = 0.05;
const matters = 1.2;

export interface CompareOptions {
  readonly rounds: number;
  readonly wanted?: (name: string) => boolean;
  readonly onBegin?: (name: string) => void;
}

/** Takes turns within each benchmark: base, head, head, base, … */
export async function compareSides(base: Side, head: Side, { rounds, wanted = () => true, onBegin }: CompareOptions): Promise<Outcome> {
  const names = [...new Set([...base.names, ...head.names])].filter(wanted);
  const has = (side: Side, name: string): boolean => side.names.includes(name);
  const comparisons: Comparison[] = [];
  for (const name of names.filter((one) => has(base, one) && has(head, one))) {
    onBegin?.(name);
    const turns = { base: await base.open(name), head: await head.open(name) };
    try {
      const { samples, failures } = await inTurn(turns, rounds);
      comparisons.push(compare(name, samples.base, samples.head, failures));
    } finally {
      await Promise.all([turns.base.close(), turns.head.close()]);
    }
  }
  const missing = names.flatMap((name) => {
    const from = has(base, name) ? 'head' : 'base';
    return has(base, name) && has(head, name) ? [] : [{ name, from } as const];
  });
  return { comparisons, missing };
}

export function compare(name: string, base: readonly number[], head: readonly number[], failures = 0): Comparison {
  const test = welch(head, base);
  const ratio = ratioOf(head, base);
  const certain = test.p < significant;
  const verdict = certain && ratio > matters ? 'slower' : certain && ratio < 1 / matters ? 'faster' : 'same';
  return { name, failures, base: summarize(base), head: summarize(head), ratio, ...test, verdict };
}

/** Nothing became slower, nothing is missing, and something was compared. */
export function isFine({ comparisons, missing }: Outcome): boolean {
  return missing.length === 0 && comparisons.length > 0 && comparisons.every(({ verdict }) => verdict !== 'slower');
}
