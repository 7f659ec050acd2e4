// One way to fuzz: a target is what is tried, its properties are what always holds. The tests of CI and `npm run fuzz` run the same ones.
import fc from 'fast-check';

export interface FuzzTarget {
  readonly name: string;
  readonly properties: readonly { readonly says: string; readonly runs: number }[];
  open(): Promise<OpenTarget>;
}

export interface OpenTarget extends AsyncDisposable {
  /** Tries one property on inputs that follow from the seed; throws with the seed and the smallest input that breaks it. */
  holds(says: string, options: { readonly seed: number; readonly runs: number }): Promise<void>;
}

export interface PropertyOf<S> {
  /** A sentence about every input. */
  readonly says: string;
  /** Inputs that a test of CI tries. */
  readonly runs: number;
  readonly of: (stand: S) => fc.IRawProperty<unknown>;
}

/** What fails slowly is made smaller for no longer than this. */
const mostMs = 400_000;

const noStand = { [Symbol.asyncDispose]: async (): Promise<void> => undefined };

/** `stand` is what the inputs are tried on, such as a daemon; it is begun once and ended after the last property. */
export function fuzzTarget<S extends AsyncDisposable>(
  name: string,
  properties: readonly PropertyOf<S>[],
  stand: () => Promise<S> = async () => noStand as unknown as S,
): FuzzTarget {
  return {
    name,
    properties,
    async open() {
      const opened = await stand();
      return {
        holds: async (says, { seed, runs }) => {
          const property = properties.find((one) => one.says === says);
          if (property === undefined) throw new Error(`"${name}" has no property "${says}".`);
          const details = await fc.check(property.of(opened), { seed, numRuns: runs, skipAllAfterTimeLimit: mostMs });
          if (details.failed) throw new Error(sentence(name, details), { cause: details.errorInstance });
        },
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    },
  };
}

function sentence(name: string, { seed, counterexamplePath, counterexample, numShrinks, errorInstance }: fc.RunDetails<unknown>): string {
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return [
    `${why}`,
    `again: npm run fuzz -- --only ${name} --seed ${seed} (path ${counterexamplePath})`,
    `the smallest input, after ${numShrinks} steps: ${fc.stringify(counterexample)}`,
  ].join('\n');
}
