// Samples that can be compared: contenders take turns in one run, because timings of two runs can not be compared.
export interface Turn {
  /** The time (or whatever is measured) of one sample. */
  sample(): Promise<number>;
  /** Runs after each sample, unmeasured. */
  undo?(): Promise<void>;
}

export interface Series<K extends string> {
  readonly samples: Readonly<Record<K, readonly number[]>>;
  /** Rounds in which somebody failed; they count for nobody. */
  readonly failures: number;
}

export const warmUps = 3;
export const leastRounds = 20;

/** Each round samples every contender once, and every other round in reverse, so that none always follows the same one. */
export async function inTurn<K extends string>(contenders: Readonly<Record<K, Turn>>, rounds: number): Promise<Series<K>> {
  const names = Object.keys(contenders) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>;
  let failures = 0;
  for (let round = -warmUps; round < Math.max(rounds, leastRounds); round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    try {
      const taken = new Map<K, number>();
      for (const name of order) taken.set(name, await once(contenders[name]));
      if (round >= 0) for (const [name, value] of taken) samples[name].push(value);
    } catch (error) {
      failures += 1;
      process.stderr.write(`a round failed: ${error instanceof Error ? error.message : String(error)}\n`);
      if (failures > 3) throw error;
    }
  }
  return { samples, failures };
}

async function once({ sample, undo }: Turn): Promise<number> {
  try {
    return await sample();
  } finally {
    await undo?.();
  }
}

/** By nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The median of the ratios of each round, which a slow moment of the machine moves less than the ratio of the medians. */
export function ratioOf(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, round) => value / (below[round] ?? Number.NaN)));
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
