// One thing that may be small or large: a daemon for each of its sizes, all at once, and every cost sampled from all of them in turn.

import { rssMiB } from '../helpers/processes.ts';
import { createHome, type Home, startRealDaemon } from '../helpers/real-daemon.ts';
import { connectLines, type LineClient } from './line-client.ts';
import { inTurn, type Turn } from './samples.ts';
import { type Growth, growth } from './slope.ts';
import { startToReady } from './start.ts';
import { summarize } from './statistics.ts';

export interface ScaleRow {
  readonly name: string;
  readonly unit: 'µs' | 'ms' | 'MiB';
  /** In the order of the sizes. */
  readonly values: readonly number[];
  readonly failures: number;
  readonly growth: Growth;
}

export interface Axis {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly rows: readonly ScaleRow[];
}

export interface Sized {
  readonly size: number;
  readonly home: Home;
  readonly pid: number;
  /** Has said hello; the cursor is that of its answer. */
  readonly client: LineClient;
  readonly cursor: string;
}

export interface Cost {
  readonly name: string;
  readonly unit: 'µs' | 'ms';
  turnOf(sized: Sized): Turn | Promise<Turn>;
}

export interface AxisSpec {
  readonly name: string;
  readonly sizes: readonly number[];
  /** Also measured: how long daemons take until they answer. */
  readonly starts?: boolean;
  homeOf?(size: number): Promise<Home>;
  readonly costs: readonly Cost[];
}

export const scaleRounds = 20;
const startRounds = 10;

export async function measureAxis({ name, sizes, starts = false, homeOf = async () => createHome(), costs }: AxisSpec): Promise<Axis> {
  const rows: ScaleRow[] = [];
  const open: AsyncDisposable[] = [];
  const say = (what: string): void => void process.stderr.write(`${name}: ${what} …\n`);
  try {
    say('homes');
    const homes = new Map<number, Home>();
    for (const size of sizes) {
      const home = await homeOf(size);
      homes.set(size, home);
      open.push(home);
    }
    const home = (size: number): Home => homes.get(size) as Home;
    const row = async (what: string, unit: Cost['unit'], rounds: number, turnOf: (size: number) => Turn | Promise<Turn>) => {
      say(what);
      const turns = Object.fromEntries(await Promise.all(sizes.map(async (size) => [`${size}`, await turnOf(size)] as const)));
      const { samples, failures } = await inTurn(turns, rounds);
      const bySize = sizes.map((size) => samples[size] ?? []);
      rows.push({ name: what, unit, failures, values: bySize.map((values) => summarize(values).p50), growth: growth(sizes, bySize) });
    };
    if (starts) await row('start until the first answer', 'ms', startRounds, (size) => ({ sample: () => startToReady(home(size)) }));
    const sized = new Map<number, Sized>();
    for (const size of sizes) {
      const { pid } = own(open, await startRealDaemon({ home: home(size) }));
      const client = await connectLines(home(size).socketPath);
      const { cursor } = await client.call<{ cursor: string }>('daemon.hello', { protocolVersion: 1 });
      sized.set(size, { size, home: home(size), pid, client, cursor });
    }
    for (const { name: what, unit, turnOf } of costs) await row(what, unit, scaleRounds, (size) => turnOf(sized.get(size) as Sized));
    const memory = sizes.map((size) => rssMiB((sized.get(size) as Sized).pid));
    // All of it, not that of a piece: a hundred times as much may take twice the memory.
    const whole = growth(
      sizes,
      memory.map((value) => [value]),
    );
    rows.push({ name: 'memory of the daemon, after all that', unit: 'MiB', values: memory, failures: 0, growth: whole });
    return { name, sizes, rows };
  } finally {
    for (const one of open.reverse()) await one[Symbol.asyncDispose]();
  }
}

function own<T extends AsyncDisposable>(open: AsyncDisposable[], thing: T): T {
  open.push(thing);
  return thing;
}
