// `npm run fuzz -- [--time 10m] [--only frames,plans] [--seed N]`: the properties of the tests on new inputs, round after round, until the
// time is over or one does not hold. Then it says the seed and the smallest input that breaks it, and ends with 1.
import { parseArgs } from 'node:util';
import { setup } from '../helpers/build.ts';
import type { OpenTarget } from './target.ts';
import { targets } from './targets.ts';

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** Of the inputs of CI, so that a round is short and every property gets its turn. */
const roundShare = 0.1;

const { values } = parseArgs({ options: { time: { type: 'string' }, only: { type: 'string' }, seed: { type: 'string' } } });
const chosen = targets.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
const timeMs = millisecondsOf(values.time ?? '1m');
const firstSeed = Number(values.seed ?? Date.now() % 2 ** 31);
if (chosen.length === 0) refuse(`--only takes ${targets.map(({ name }) => name).join(', ')}, separated by commas.`);
if (!Number.isInteger(firstSeed)) refuse('--seed must be a whole number.');

process.exitCode = (await fuzz()) ? 0 : 1;

async function fuzz(): Promise<boolean> {
  setup();
  print(`seed ${firstSeed}, ${chosen.map(({ name }) => name).join(', ')}`);
  const end = performance.now() + timeMs;
  const tried = new Map<string, number>();
  const opened: (readonly [(typeof targets)[number], OpenTarget])[] = [];
  try {
    for (const target of chosen) opened.push([target, await target.open()]);
    for (let seed = firstSeed; performance.now() < end; seed += 1) {
      for (const [target, open] of opened) {
        for (const { says, runs } of target.properties) {
          // A seed that somebody names with all inputs: so a failure of CI, or of a run before, comes again.
          const count = seed === firstSeed && values.seed !== undefined ? runs : Math.ceil(runs * roundShare);
          await open.holds(says, { seed, runs: count });
          const key = `${target.name}: ${says}`;
          tried.set(key, (tried.get(key) ?? 0) + count);
          if (performance.now() >= end) break;
        }
      }
    }
    return true;
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return false;
  } finally {
    for (const [, open] of opened) await open[Symbol.asyncDispose]();
    for (const [what, count] of tried) print(`${String(count).padStart(9)} inputs  ${what}`);
  }
}

function millisecondsOf(text: string): number {
  const [, number, unit = 's'] = /^(\d+)([smh]?)$/.exec(text) ?? refuse('--time is a number with s, m or h, like 10m.');
  return Number(number) * (unitsMs[unit || 's'] ?? 0);
}

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
