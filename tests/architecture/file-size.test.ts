import { expect, test } from 'vitest';
import { rooms, sourceFiles } from '../helpers/source-files.ts';

const wall = 300;
const sizesOf = (folders: readonly string[]) =>
  sourceFiles(folders).map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }));

const sources = sizesOf(rooms);
// What is in fixtures is read and run by tests, not written as one.
const tests = sizesOf(['tests']).filter(({ path }) => !path.startsWith('tests/fixtures/'));

test('no file of the sources or of the tests is longer than 300 lines', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(tests.length).toBeGreaterThan(100);
  expect([...sources, ...tests].filter(({ lines }) => lines > wall)).toEqual([]);
});

test('most sources stay well below: half of them under 80 lines', () => {
  const sorted = sources.map(({ lines }) => lines).toSorted((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(80);
});
