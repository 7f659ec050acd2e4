// How soon, and how truly, the end of what ran in a terminal is known: hundreds of them, dying at random.
import { setTimeout as delay } from 'node:timers/promises';
import { createManyTerminals, type ManyTerminals } from '../helpers/many-terminals.ts';
import { seededRandom } from '../helpers/seeded-random.ts';
import { until } from '../helpers/until.ts';
import type { Probe } from './benchmark.ts';
import { bounded, type Row } from './rows.ts';

const terminals = 300;
const dyingMs = 30_000;
/** Of a death that comes just before the end of the daemon, it may have told nobody. */
const justBeforeMs = 250;
const knownMs = 60_000;
const seed = 8;

/** The program writes the time down as the last thing it does; bash does that without starting anything. */
const die = 'echo "$EPOCHREALTIME" > "$told"; exit "$word"';

/** From the last word of a program to the event with its exit code, in the hand of a client. */
export const exits: Probe = {
  name: 'terminal.exits',
  priority: 'P0',
  takesMinutes: true,
  async measure() {
    await using many = await createManyTerminals({ after: die });
    const together = await dieAtRandom(many);
    const across = await dieAtRandom(many, async () => {
      await many.daemon.kill('SIGKILL');
      await many.daemon.again();
    });
    return [
      row(`exit known after death, ${terminals} terminals`, together),
      row(`the same, with kill -9 and a new daemon half-way; ${terminals - across.length} died meanwhile`, across),
    ];
  },
};

function row(name: string, latencies: readonly number[]): Row {
  return bounded({ name, unit: 'ms', failures: 0, target: { must: 50, aim: 5 } }, latencies, 'p99');
}

/** Answers how long each took to be known, without those that died while no daemon was there; throws when one is lost or wrong. */
async function dieAtRandom(many: ManyTerminals, halfWay?: () => Promise<void>): Promise<number[]> {
  const first = many.ids.length;
  await many.open(terminals);
  const random = seededRandom(seed + first);
  const deaths = Array.from({ length: terminals }, (_, index) => ({
    number: first + index,
    afterMs: random() * dyingMs,
    code: Math.floor(random() * 256),
  })).sort((one, other) => one.afterMs - other.afterMs);
  await using told = await hear(many);
  const begin = performance.now();
  const dying = (async () => {
    for (const { number, afterMs, code } of deaths) {
      await delay(Math.max(0, begin + afterMs - performance.now()));
      many.say(number, String(code));
    }
  })();
  await delay(dyingMs / 2);
  await halfWay?.();
  await dying;
  await until('all deaths to be told', () => deaths.every(({ number }) => told.ends.has(many.ids[number] as string)), knownMs).catch(
    () => undefined,
  );
  return deaths.flatMap(({ number, code }) => {
    const end = told.ends.get(many.ids[number] as string);
    if (end === undefined) throw new Error(`the end of terminal ${number} was lost`);
    if (end.exitCode !== code) throw new Error(`terminal ${number} ended with ${code}, and the daemon says ${end.exitCode ?? end.reason}`);
    const diedAt = Number(many.told(number).replace(',', '.')) * 1_000;
    return told.away.some(({ from, to }) => diedAt > from - justBeforeMs && diedAt < to) ? [] : [end.at - diedAt];
  });
}

interface End {
  readonly at: number;
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
}

/** The clock of bash, to a microsecond. */
const now = (): number => performance.timeOrigin + performance.now();

async function hear({ daemon }: ManyTerminals) {
  const ends = new Map<string, End>();
  const away: { from: number; to: number }[] = [];
  const stop = new AbortController();
  const { cursor } = await daemon.client.daemon.status();
  const heard = (async () => {
    const options = { after: cursor, types: ['step.finished'], signal: stop.signal };
    const onAway = (): void => {
      if (away.at(-1)?.to !== Number.POSITIVE_INFINITY) away.push({ from: now(), to: Number.POSITIVE_INFINITY });
    };
    for await (const item of daemon.client.events({ ...options, onAway })) {
      const last = away.at(-1);
      if (last?.to === Number.POSITIVE_INFINITY) last.to = now();
      if (item.type !== 'step.finished' || item.data.name !== 'wait' || item.subject.sessionId === undefined) continue;
      const { exitCode, reason } = item.data;
      // Told once more would be a second truth.
      if (ends.has(item.subject.sessionId)) throw new Error(`the end of session ${item.subject.sessionId} was told twice`);
      ends.set(item.subject.sessionId, { at: now(), exitCode, reason });
    }
  })();
  return {
    ...{ ends, away },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await heard;
    },
  };
}
