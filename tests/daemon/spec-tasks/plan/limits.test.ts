import { expect, test } from 'vitest';
import { parsePlan } from '../../../../daemon/spec-tasks/plan/parse-plan.ts';
import { limits } from '../../../../schemas/limits.ts';
import { told } from './plan.ts';

const list = (count: number, last = ''): string =>
  `${Array.from({ length: count }, (_, index) => `${index + 1}. task`).join('\n')}\n${last}`;

test('a plan of 1 MiB is read, one byte more is told', () => {
  const most = `1. a\n   ${'é'.repeat((limits.planBytes - 8) / 2)}`;
  expect(Buffer.byteLength(most)).toBe(limits.planBytes);
  expect(parsePlan(most)).toMatchObject({ strategy: 'ordered', diagnostics: [] });
  expect(parsePlan(`${most}x`)).toEqual({
    strategy: 'fallback',
    meta: {},
    tasks: [],
    waves: [],
    diagnostics: [{ level: 'error', code: 'plan_too_large', line: 1, message: '1048577 bytes, at most 1048576 are allowed' }],
  });
});

test('a plan has as many lines as it may', () => {
  expect(parsePlan('\n'.repeat(limits.planLines - 1)).diagnostics).toMatchObject([{ code: 'no_tasks_found' }]);
  expect(told(parsePlan('\n'.repeat(limits.planLines)))).toEqual(['error plan_too_large 1 200001 lines, at most 200000 are allowed']);
});

test('a hundred tasks are read, one more is told where it stands', () => {
  expect(parsePlan(list(100)).diagnostics).toEqual([]);
  const parsed = parsePlan(list(103));
  expect(parsed.tasks).toHaveLength(100);
  expect(told(parsed)).toEqual(['error too_many_tasks 101 103 tasks, at most 100 are allowed']);
});

test('fifty dependencies are read, one more is told', () => {
  expect(parsePlan(list(60, '   After: 1-50')).diagnostics).toEqual([]);
  expect(told(parsePlan(list(60, '   After: 1-51')))).toEqual(['error too_many_dependencies 60 60 has 51, at most 50 are allowed']);
});

test('references are looked up as far as they make sense', () => {
  const parsed = parsePlan(list(2, `   After: ${'1-200,'.repeat(10_000)}`));
  expect(told(parsed).at(-2)).toBe('error too_many_dependencies 2 2 has 600, at most 50 are allowed');
});

test('of each code so many diagnostics are told, and how many more there are', () => {
  const parsed = parsePlan(list(2, `   After: ${Array.from({ length: 150 }, (_, index) => index + 10).join(',')}, 2`));
  expect(parsed.diagnostics).toHaveLength(52);
  expect(told(parsed).filter((line) => !line.startsWith('warning unknown'))).toEqual([
    'error self_dependency 2 2 -> 2',
    'warning more_diagnostics 2 100 more of unknown_dependency',
  ]);
});

test('a message holds no more of a plan than a line of a terminal or three', () => {
  const [diagnostic] = parsePlan(`1. a\n   Effort: ${'q '.repeat(5_000)}`).diagnostics;
  expect(diagnostic?.message).toHaveLength(300);
});
