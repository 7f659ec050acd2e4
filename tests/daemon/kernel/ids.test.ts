import { expect, test } from 'vitest';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { Id } from '../../../schemas/primitives.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

test('a hundred thousand ids of one millisecond are unique and sort in the order they were made', () => {
  const ids = createIds(createManualClock());
  const made = Array.from({ length: 100_000 }, () => ids.next('ses'));
  expect(new Set(made).size).toBe(made.length);
  expect(made.toSorted()).toEqual(made);
});

test('ids sort by the moment they were made, also when the clock goes back', () => {
  let now = 1_000_000;
  const ids = createIds({ now: () => now, monotonicMs: () => now, after: () => () => {} });
  const first = ids.next('stp');
  now = 999_000;
  const second = ids.next('stp');
  now = 1_000_001;
  const third = ids.next('stp');
  expect([third, first, second].toSorted()).toEqual([first, second, third]);
});

test('an id fits the schema of ids, whatever its prefix', () => {
  const ids = createIds(createManualClock());
  for (const prefix of ['prj', 'ses', 'stp', 'wt', 'trm', 'art', 'tok', 'sub', 'call', 'boot'] as const) {
    expect(Id.safeParse(ids.next(prefix)).success).toBe(true);
  }
});

test('random text has the asked length, small letters and digits, each about as often', () => {
  const ids = createIds(createManualClock());
  const text = Array.from({ length: 360 }, () => ids.random(100)).join('');
  expect(text).toMatch(/^[0-9a-z]{36000}$/);
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  expect(counts.size).toBe(36);
  // 1000 expected, standard deviation 31: eight of these away is no chance.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(250);
  expect(ids.random(0)).toBe('');
});
