// Two runs of three: what is measured again, and what that says of the gate. A machine has bad moments; a daemon that is too slow is too
// slow twice.
import { type Row, verdict } from './rows.ts';

/** One benchmark or probe, and the rows of each of its runs. */
export interface Measured {
  readonly name: string;
  readonly runs: readonly (readonly Row[])[];
}

/** A row after all of its runs: the middle one of them. */
export interface Settled {
  readonly row: Row;
  readonly runs: number;
  /** Runs in which it missed its "must". */
  readonly short: number;
}

export const mostRuns = 3;
const tooMany = 2;

/** The benchmarks with a row whose gate is open: short once, and not yet twice. */
export function toRunAgain(measured: readonly Measured[]): string[] {
  const open = ({ runs, short }: Settled): boolean => short > 0 && !fallsShort({ short }) && runs < mostRuns;
  return measured.filter((one) => settle(one).some(open)).map(({ name }) => name);
}

export function fallsShort({ short }: Pick<Settled, 'short'>): boolean {
  return short >= tooMany;
}

/** The rows in the order of the first run; a row is known by its name and its raw limit. */
export function settle({ runs }: Measured): Settled[] {
  return (runs[0] ?? []).map((first) => {
    const same = runs.flatMap((rows) => rows.filter(({ name, raw }) => name === first.name && raw === first.raw));
    const worstFirst = same.toSorted((left, right) => badness(right) - badness(left));
    const middle = worstFirst[Math.floor((same.length - 1) / 2)] ?? first;
    return { row: middle, runs: same.length, short: same.filter((row) => verdict(row) === 'SHORT').length };
  });
}

/** A figure that could not be taken is the worst of all. */
function badness({ kind, figure }: Row): number {
  if (Number.isNaN(figure)) return Number.MAX_VALUE;
  return kind === 'speed' ? -figure : figure;
}

/** `aim`, `must`, `SHORT`, and in how many runs when there were several. */
export function settledVerdict({ row, runs, short }: Settled): string {
  const word = verdict(row);
  return runs === 1 || word === '' ? word : `${word} (SHORT in ${short} of ${runs})`;
}
