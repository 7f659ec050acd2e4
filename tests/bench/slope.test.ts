import { describe, expect, test } from 'vitest';
import { growth } from './slope.ts';

const sizes = [10, 100, 1_000];
const of = (cost: (size: number) => number) =>
  growth(
    sizes,
    sizes.map((size) => [cost(size)]),
  );

describe('how a cost grows', () => {
  test.each([
    { what: 'the same at each size', cost: () => 7, exponent: 0, verdict: 'flat' },
    { what: 'in proportion', cost: (size: number) => 3 * size, exponent: 1, verdict: 'GROWS' },
    { what: 'by the square', cost: (size: number) => size ** 2, exponent: 2, verdict: 'GROWS' },
    { what: 'less a piece', cost: (size: number) => 5 / size, exponent: -1, verdict: 'falls' },
    {
      what: 'twice for a hundred times as much',
      cost: (size: number) => size ** (Math.log(1.99) / Math.log(100)),
      exponent: 0.149,
      verdict: 'flat',
    },
    { what: 'three times for a hundred times as much', cost: (size: number) => size ** 0.2386, exponent: 0.2386, verdict: 'GROWS' },
  ])('$what: exponent $exponent, $verdict', ({ cost, exponent, verdict }) => {
    const found = of(cost);
    expect(found.exponent).toBeCloseTo(exponent, 3);
    expect(found.lastExponent).toBeCloseTo(exponent, 3);
    expect(found.verdict).toBe(verdict);
  });

  test('growth that begins late is seen, though the whole seems flat or falling', () => {
    expect(of((size) => ({ 10: 100, 100: 10, 1000: 30 })[size] ?? 0)).toMatchObject({ verdict: 'GROWS' });
    expect(of((size) => ({ 10: 100, 100: 10, 1000: 30 })[size] ?? 0).exponent).toBeLessThan(0);
  });

  test('one round in which the machine was busy changes nothing', () => {
    const calm = [5, 5, 5, 5, 5];
    expect(growth(sizes, [calm, calm, calm.with(2, 5_000)]).verdict).toBe('flat');
  });

  test('a cost that could not be taken is not flat', () => {
    expect(of((size) => (size === 100 ? Number.NaN : 1)).verdict).toBe('GROWS');
  });

  test('one size has no slope', () => {
    expect(() => growth([1], [[1]])).toThrow('two sizes');
    expect(() => growth(sizes, [[], [], []])).toThrow('two sizes');
  });
});
