import { expect, test } from 'vitest';
import { lineCoverage } from './lines.ts';

const file = (hits: Readonly<Record<number, number>>, path = '/a.ts') => ({
  [path]: {
    path,
    statementMap: Object.fromEntries(Object.keys(hits).map((line) => [line, { start: { line: Number(line) } }])),
    s: hits,
  },
});

test('a line counts as covered when any process ran it', () => {
  expect(lineCoverage(file({ 1: 1, 2: 0, 3: 0 }), [file({ 2: 0 }), file({ 2: 5 })]).get('/a.ts')).toEqual({ lines: 3, covered: 2 });
});

test('what only another process knows of is no line, and no file', () => {
  const files = lineCoverage(file({ 1: 0 }), [file({ 7: 1 }), file({ 1: 1 }, '/b.ts')]);
  expect([...files]).toEqual([['/a.ts', { lines: 1, covered: 0 }]]);
});
