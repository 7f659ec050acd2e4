import type { Ground } from './ground.ts';
import type { Cores } from './placement.ts';
import type { Row } from './rows.ts';
import type { Series, Turn } from './samples.ts';

/** P0 is what every user feels, P1 what many do, P2 what runs when nobody waits. */
export type Priority = 'P0' | 'P1' | 'P2';

/** One piece of work, beside the raw limit of the same work. */
export interface Benchmark {
  readonly name: string;
  readonly priority: Priority;
  /** See placement.ts; without it, the kernel decides. */
  readonly cores?: Cores;
  /** Samples of a round; more where one sample is one small thing. */
  readonly roundsTimes?: number;
  /** Left out of a quick run. */
  readonly takesMinutes?: boolean;
  open(ground: Ground): Promise<Opened>;
}

export interface Opened {
  /** `ours`, and what it stands beside. A comparison of two versions takes `ours` alone. */
  readonly turns: Readonly<Record<string, Turn>> & { readonly ours: Turn };
  rows(series: Series<string>): Row[];
  close?(): Promise<void>;
}

/** What is no matter of turns: it measures for as long as it needs, on a daemon of its own where others would be in its way. */
export interface Probe {
  readonly name: string;
  readonly priority: Priority;
  /** Left out of a quick run. */
  readonly takesMinutes?: boolean;
  measure(ground: Ground): Promise<Row[]>;
}
