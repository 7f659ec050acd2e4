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
/** Of what is compared with a target or with another version. */
export const leastRounds = 20;
const mostFailures = 3;

/** Each round samples every contender once, and every other round in reverse, so that none always follows the same one. */
export async function inTurn<K extends string>(contenders: Readonly<Record<K, Turn>>, rounds: number): Promise<Series<K>> {
  const names = Object.keys(contenders) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>;
  let failures = 0;
  for (let round = -warmUps; round < rounds + failures; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    try {
      const taken = new Map<K, number>();
      for (const name of order) taken.set(name, await once(contenders[name]));
      if (round >= 0) for (const [name, value] of taken) samples[name].push(value);
    } catch (error) {
      failures += 1;
      process.stderr.write(`a round failed: ${error instanceof Error ? error.message : String(error)}\n`);
      if (failures > mostFailures) throw error;
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

/** In milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
