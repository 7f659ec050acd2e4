import { expect, test } from 'vitest';
import { choosePruned } from '../../../daemon/artifacts/prune.ts';
import type { PrunableSession } from '../../../daemon/store/tables/artifacts.ts';

const dayMs = 86_400_000;
const now = 100 * dayMs;
/** Ended so many days ago, oldest first. */
const sessions = [30, 20, 10].map(
  (daysAgo): PrunableSession => ({ id: `d${daysAgo}`, slug: '', artifactDir: '', endedAt: now - daysAgo * dayMs, sizeBytes: 100 }),
);
const chosen = (total: number, wish: Parameters<typeof choosePruned>[2]): string[] =>
  choosePruned(sessions, total, wish, now).map(({ id }) => id);

test.each<[string, number, Parameters<typeof choosePruned>[2], string[]]>([
  ['by age', 300, { olderThanDays: 15 }, ['d30', 'd20']],
  ['nothing is old enough', 300, { olderThanDays: 40 }, []],
  ['the oldest until the rest fits', 300, { keepBytes: 150 }, ['d30', 'd20']],
  ['it fits already', 300, { keepBytes: 300 }, []],
  ['what may not go counts too', 1_000, { keepBytes: 800 }, ['d30', 'd20']],
  ['everything that may go, and still too much', 1_000, { keepBytes: 0 }, ['d30', 'd20', 'd10']],
  ['either reason is enough', 300, { olderThanDays: 25, keepBytes: 200 }, ['d30']],
])('%s', (_, total, wish, expected) => {
  expect(chosen(total, wish)).toEqual(expected);
});
