import { describe, expect, test } from 'vitest';
import { fallsShort, type Measured, settle, settledVerdict, toRunAgain } from './gate.ts';
import type { Row } from './rows.ts';
import { summarize } from './statistics.ts';

const target = { must: 1.2, aim: 1 };
const row = (figure: number, more: Partial<Row> = {}): Row => ({
  ...{ name: 'work', raw: 'nothing', unit: 'ms', failures: 0, ours: summarize([1]), kind: 'time', figure, target },
  ...more,
});
const measured = (name: string, ...figures: number[]): Measured => ({ name, runs: figures.map((figure) => [row(figure)]) });
const only = (one: Measured) => settle(one)[0] as ReturnType<typeof settle>[number];

describe('what is measured again', () => {
  test('is short once; what is fine, or has no target, is not', () => {
    const all = [
      measured('fine', 1.1),
      measured('short', 1.3),
      { name: 'free', runs: [[{ ...row(9), target: undefined } as unknown as Row]] },
    ];
    expect(toRunAgain(all)).toEqual(['short']);
  });

  test('is not what is decided: short twice, fine twice, or measured three times', () => {
    expect(toRunAgain([measured('a', 1.3, 1.3)])).toEqual([]);
    expect(toRunAgain([measured('b', 1.3, 1.1)])).toEqual(['b']);
    expect(toRunAgain([measured('c', 1.3, 1.1, 1.1), measured('d', 1.3, 1.1, 1.3)])).toEqual([]);
  });

  test('is a benchmark of several rows when one of them is open, also one that was fine at first', () => {
    const two = (first: number, second: number): Row[] => [row(first), row(second, { raw: 'much' })];
    expect(toRunAgain([{ name: 'two', runs: [two(1, 1.3)] }])).toEqual(['two']);
    expect(toRunAgain([{ name: 'two', runs: [two(1, 1.3), two(1.3, 1.3)] }])).toEqual(['two']);
    expect(toRunAgain([{ name: 'two', runs: [two(1, 1.3), two(1, 1.3)] }])).toEqual([]);
  });

  test('is a figure that could not be taken', () => {
    expect(toRunAgain([measured('none', Number.NaN)])).toEqual(['none']);
  });
});

describe('the verdict of all runs', () => {
  test.each([
    { figures: [1.1], short: 0, fails: false, says: 'must', shown: 1.1 },
    { figures: [1.3], short: 1, fails: false, says: 'SHORT', shown: 1.3 },
    { figures: [1.3, 1.4], short: 2, fails: true, says: 'SHORT (SHORT in 2 of 2)', shown: 1.4 },
    { figures: [1.3, 1.1, 0.9], short: 1, fails: false, says: 'must (SHORT in 1 of 3)', shown: 1.1 },
    { figures: [1.3, 0.9, 1.5], short: 2, fails: true, says: 'SHORT (SHORT in 2 of 3)', shown: 1.3 },
    { figures: [1.3, 0.9, Number.NaN], short: 2, fails: true, says: 'SHORT (SHORT in 2 of 3)', shown: 1.3 },
  ])('$figures: $says', ({ figures, short, fails, says, shown }) => {
    const settled = only(measured('x', ...figures));
    expect(settled).toMatchObject({ short, runs: figures.length, row: { figure: shown } });
    expect(fallsShort(settled)).toBe(fails);
    expect(settledVerdict(settled)).toBe(says);
  });

  test('counts where more is better too', () => {
    const speed = (figure: number): Row => row(figure, { kind: 'speed', target: { must: 0.7, aim: 0.9 } });
    const settled = only({ name: 'x', runs: [[speed(0.6)], [speed(0.95)], [speed(0.8)]] });
    expect(settled).toMatchObject({ short: 1, row: { figure: 0.8 } });
  });

  test('keeps rows of one name with different raw limits apart', () => {
    const runs = [1, 2].map((factor) => [row(factor), row(factor * 10, { raw: 'much' })]);
    expect(settle({ name: 'x', runs }).map(({ row: { raw, figure }, runs: count }) => [raw, figure, count])).toEqual([
      ['nothing', 2, 2],
      ['much', 20, 2],
    ]);
  });
});
