import { expect, test } from 'vitest';
import { sourceFiles } from '../helpers/source-files.ts';

const wall = 300;
const sizes = sourceFiles().map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }));

test('no file of the sources is longer than 300 lines', () => {
  expect(sizes.length).toBeGreaterThan(100);
  expect(sizes.filter(({ lines }) => lines > wall)).toEqual([]);
});

test('most stay well below: half of them under 80 lines', () => {
  const sorted = sizes.map(({ lines }) => lines).toSorted((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(80);
});
