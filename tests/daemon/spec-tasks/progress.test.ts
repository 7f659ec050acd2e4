import { expect, test } from 'vitest';
import { type ProgressItem, progressOf } from '../../../daemon/spec-tasks/progress.ts';

/** The first fixture plan: weights 1, 4, 2, 2. */
const plan: readonly ProgressItem[] = [
  { effort: 'small', status: 'completed', merged: true },
  { effort: 'large', status: 'in_progress', merged: false, reported: 0.6 },
  { effort: 'medium', status: 'pending', merged: false },
  { effort: 'medium', status: 'pending', merged: false },
];

test('one of four done and merged, one reported at 0.6, is a quarter, and 0.4133 by weight', () => {
  const progress = progressOf('implementation', true, plan);
  expect(progress.overallProgress).toBe(0.25);
  expect(progress.weighted).toBeCloseTo(0.1 + (0.8 * 3.4) / 9 + 0.1 / 9, 12);
  expect(progress.weighted).toBeCloseTo(0.4133, 4);
  expect(progress.counts).toEqual({ completed: 1, in_progress: 1, pending: 2 });
});

test.each([
  ['backlog', 0],
  ['spec_generation', 0.3],
  ['spec_revision', 0.5],
  ['spec_review', 0.7],
] as const)('before approval, %s counts as %d of the planning', (status, planning) => {
  expect(progressOf(status, false, [])).toMatchObject({ planning, overallProgress: 0, weighted: 0.1 * planning });
});

test('what is in progress never counts as done, and counts as half when nobody tells', () => {
  const one = (more: Partial<ProgressItem>) =>
    progressOf('implementation', true, [{ effort: 'small', status: 'in_progress', merged: false, ...more }]);
  expect(one({}).implementation).toBe(0.5);
  expect(one({ reported: 1 }).implementation).toBe(0.95);
  expect(one({ reported: 0.2, ticked: 0.75 }).implementation).toBe(0.75);
});

test('what became obsolete or was skipped does not count', () => {
  const progress = progressOf('implementation', true, [...plan, { effort: 'large', status: 'obsolete', merged: false }]);
  expect(progress.overallProgress).toBe(0.25);
  expect(progress.counts.obsolete).toBe(1);
});
