import { expect, test } from 'vitest';
import { createDeadlines } from '../../../daemon/kernel/deadline.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

test('a thousand deadlines are one timer', () => {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  for (let n = 0; n < 1000; n++) deadlines.set(`key ${n}`, clock.now() + 1000 + n, () => {});
  expect(deadlines.size).toBe(1000);
  expect(clock.armed).toBe(1);
  expect(clock.everArmed).toBe(1);
  deadlines.close();
  expect(clock.armed).toBe(0);
  expect(deadlines.size).toBe(0);
});

test('deadlines fire in the order of their time, each once', () => {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const due: string[] = [];
  for (const delayMs of [300, 100, 200]) deadlines.set(`${delayMs}`, clock.now() + delayMs, () => due.push(`${delayMs}`));
  clock.advance(150);
  expect(due).toEqual(['100']);
  clock.advance(1000);
  expect(due).toEqual(['100', '200', '300']);
  expect(deadlines.size).toBe(0);
  expect(clock.armed).toBe(0);
});

test('an earlier deadline moves the timer, and setting a key again moves its deadline', () => {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const due: string[] = [];
  deadlines.set('late', clock.now() + 500, () => due.push('late'));
  deadlines.set('soon', clock.now() + 100, () => due.push('soon'));
  deadlines.set('late', clock.now() + 900, () => due.push('late, moved'));
  clock.advance(600);
  expect(due).toEqual(['soon']);
  clock.advance(400);
  expect(due).toEqual(['soon', 'late, moved']);
});

test('a cleared deadline never fires, and one that has passed fires on the next turn', () => {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const due: string[] = [];
  deadlines.set('cleared', clock.now() + 10, () => due.push('cleared'));
  deadlines.clear('cleared');
  deadlines.clear('never set');
  deadlines.set('past', clock.now() - 1000, () => due.push('past'));
  expect(due).toEqual([]);
  clock.advance(0);
  expect(due).toEqual(['past']);
  clock.advance(100);
  expect(due).toEqual(['past']);
});

test('a deadline that clears another in the same moment keeps it from firing', () => {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const due: string[] = [];
  deadlines.set('first', clock.now() + 10, () => {
    due.push('first');
    deadlines.clear('second');
  });
  deadlines.set('second', clock.now() + 10, () => due.push('second'));
  clock.advance(10);
  expect(due).toEqual(['first']);
});

test('one that throws does not stop those that come later', () => {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const due: string[] = [];
  deadlines.set('bad', clock.now() + 10, () => {
    throw new Error('bad');
  });
  deadlines.set('good', clock.now() + 20, () => due.push('good'));
  expect(() => clock.advance(10)).toThrow('bad');
  clock.advance(20);
  expect(due).toEqual(['good']);
});

test('a timer that comes early, as long ones do, waits for the rest', () => {
  let now = 0;
  const armed: { delayMs: number; callback: () => void }[] = [];
  const deadlines = createDeadlines({
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, callback) {
      armed.push({ delayMs, callback });
      return () => {};
    },
  });
  const due: string[] = [];
  deadlines.set('far', 5000, () => due.push('far'));
  now = 3000;
  armed.at(-1)?.callback();
  expect(due).toEqual([]);
  expect(armed.at(-1)?.delayMs).toBe(2000);
  now = 5000;
  armed.at(-1)?.callback();
  expect(due).toEqual(['far']);
});
