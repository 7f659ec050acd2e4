// The comparison on benchmarks that take milliseconds, in real processes of their own: what it calls a regression, and what it does not.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../helpers/package-root.ts';
import { compare, compareSides, isFine, type Outcome } from './compare.ts';
import { outcomeMarkdown } from './report.ts';
import { inTurn, leastRounds, warmUps } from './samples.ts';
import { startSide } from './side.ts';

const program = join(packageRoot, 'tests', 'fixtures', 'programs', 'bench-side.ts');
const slowMs = 180_000;

async function run(head: Readonly<Record<string, string>>, base: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const start = (env: Readonly<Record<string, string>>) => startSide(program, packageRoot, { ...process.env, ...env });
  await using one = await start(base);
  await using two = await start(head);
  return await compareSides(one, two, { rounds: leastRounds });
}

const verdicts = ({ comparisons }: Outcome) => Object.fromEntries(comparisons.map(({ name, verdict }) => [name, verdict]));

describe('two versions in one run', () => {
  test(
    'a benchmark that takes twice as long is a regression, and the other one is none',
    async () => {
      const outcome = await run({ BENCH_DELAY: '2' });
      expect(verdicts(outcome)).toEqual({ work: 'slower', steady: 'same' });
      expect(isFine(outcome)).toBe(false);
      const work = outcome.comparisons.find(({ name }) => name === 'work');
      expect(work?.ratio).toBeGreaterThan(1.5);
      expect(work?.base.n).toBe(leastRounds);
      expect(outcomeMarkdown(outcome)).toMatch(/\| work .*slower/);
    },
    slowMs,
  );

  test(
    'five runs of the same against itself are clean',
    async () => {
      for (let count = 0; count < 5; count += 1) {
        const outcome = await run({});
        expect(verdicts(outcome), JSON.stringify(outcome)).toEqual({ work: 'same', steady: 'same' });
        expect(isFine(outcome)).toBe(true);
      }
    },
    slowMs,
  );

  test(
    'half the time is told, and fails nothing',
    async () => {
      const outcome = await run({}, { BENCH_DELAY: '2' });
      expect(verdicts(outcome).work).toBe('faster');
      expect(isFine(outcome)).toBe(true);
    },
    slowMs,
  );

  test.each(['base', 'head'] as const)(
    'a benchmark that %s has not fails, and is named',
    async (from) => {
      const without = { BENCH_WITHOUT: 'steady' };
      const outcome = await run(from === 'head' ? without : {}, from === 'base' ? without : {});
      expect(outcome.missing).toEqual([{ name: 'steady', from }]);
      expect(isFine(outcome)).toBe(false);
      expect(outcomeMarkdown(outcome)).toContain('steady');
    },
    slowMs,
  );

  test(
    'rounds that fail are counted, replaced, and too many of them end the run',
    async () => {
      const outcome = await run({ BENCH_FAILS: '10' });
      const work = outcome.comparisons.find(({ name }) => name === 'work');
      expect(work?.failures).toBe(2);
      expect(work?.head.n).toBe(leastRounds);
      await expect(run({ BENCH_FAILS: '2' })).rejects.toThrow('as it was told to');
    },
    slowMs,
  );

  test(
    'a version that can not be started is told, and waited for by nobody',
    async () => {
      await expect(startSide(join(packageRoot, 'tests', 'nothing.ts'), packageRoot)).rejects.toThrow('has ended');
    },
    slowMs,
  );
});

describe('what counts', () => {
  const around = (middle: number, spread: number, n = 20): number[] =>
    Array.from({ length: n }, (_, index) => middle + spread * Math.sin(index * 2.4));
  const verdictOf = (base: readonly number[], head: readonly number[]) => compare('x', base, head).verdict;

  test('slower for certain and by more than a fifth: both, or it is no regression', () => {
    expect(verdictOf(around(100, 1), around(130, 1))).toBe('slower');
    expect(verdictOf(around(100, 1), around(119, 1))).toBe('same');
    expect(verdictOf(around(100, 90), around(130, 90))).toBe('same');
    expect(verdictOf(around(130, 1), around(100, 1))).toBe('faster');
  });

  test('one round in which the machine was busy makes no regression', () => {
    expect(verdictOf(around(100, 1), around(100, 1).with(7, 5_000))).toBe('same');
  });

  test('nothing compared is not fine', () => {
    expect(isFine({ comparisons: [], missing: [] })).toBe(false);
  });
});

describe('taking turns', () => {
  test('every other round goes in reverse, and warm-ups count for nobody', async () => {
    const order: string[] = [];
    const turn = (name: string) => ({
      sample: async () => order.push(name),
      undo: async () => void order.push(`undo ${name}`),
    });
    const { samples, failures } = await inTurn({ a: turn('a'), b: turn('b') }, leastRounds);
    expect(failures).toBe(0);
    expect([samples.a.length, samples.b.length]).toEqual([leastRounds, leastRounds]);
    expect(order).toHaveLength((leastRounds + warmUps) * 4);
    expect(order.slice(0, 8)).toEqual(['b', 'undo b', 'a', 'undo a', 'a', 'undo a', 'b', 'undo b']);
  });
});
