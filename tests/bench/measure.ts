// A run over all that was chosen: each once, and what fell short again. What can not be measured is told at the end and stops nobody else.
import type { Benchmark, Probe } from './benchmark.ts';
import { openBenchmark } from './benchmarks.ts';
import { type Measured, mostRuns, toRunAgain } from './gate.ts';
import type { Ground } from './ground.ts';
import type { Row } from './rows.ts';
import { inTurn } from './samples.ts';

export interface NotMeasured {
  readonly name: string;
  readonly reason: string;
}

export interface Results {
  readonly measured: readonly Measured[];
  readonly notMeasured: readonly NotMeasured[];
}

/** With `again`, what falls short is measured up to twice more, alone. */
export async function measureAll(
  chosen: readonly (Benchmark | Probe)[],
  ground: Ground,
  { rounds, again }: { readonly rounds: number; readonly again: boolean },
): Promise<Results> {
  const measured = new Map<string, Measured>();
  const notMeasured: NotMeasured[] = [];
  const run = async (one: Benchmark | Probe): Promise<void> => {
    try {
      const rows = await rowsOf(one, ground, rounds);
      measured.set(one.name, { name: one.name, runs: [...(measured.get(one.name)?.runs ?? []), rows] });
    } catch (error) {
      const reason = reasonOf(error);
      process.stderr.write(`${one.name} was not measured: ${reason}\n`);
      notMeasured.push({ name: one.name, reason });
    }
  };
  for (const one of chosen) {
    begin(one.name);
    await run(one);
  }
  for (let repeat = 2; again && repeat <= mostRuns; repeat += 1) {
    const open = new Set(toRunAgain([...measured.values()]));
    for (const one of chosen.filter(({ name }) => open.has(name))) {
      begin(`${one.name}, run ${repeat}`);
      await run(one);
    }
  }
  return { measured: [...measured.values()], notMeasured };
}

async function rowsOf(one: Benchmark | Probe, ground: Ground, rounds: number): Promise<Row[]> {
  if ('measure' in one) return await one.measure(ground);
  const opened = await openBenchmark(one, ground);
  try {
    return opened.rows(await inTurn(opened.turns, rounds * (one.roundsTimes ?? 1)));
  } finally {
    await opened.close();
  }
}

export function begin(name: string): void {
  process.stderr.write(`${name} …\n`);
}

/** In one line: it goes into a list. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
}
