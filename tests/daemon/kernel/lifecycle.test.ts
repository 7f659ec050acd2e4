import { expect, test } from 'vitest';
import { createLifecycle, withDeadline } from '../../../daemon/kernel/lifecycle.ts';
import { createManualClock, settled } from '../../helpers/manual-clock.ts';

test('what was acquired is given back in reverse, each before the next', async () => {
  const lifecycle = createLifecycle(createManualClock());
  const trace: string[] = [];
  for (const name of ['store', 'tools', 'socket']) {
    lifecycle.own(name, async () => {
      trace.push(`${name} stops`);
      await settled();
      trace.push(`${name} stopped`);
    });
  }
  expect(await lifecycle.unwind(1000)).toEqual([]);
  expect(trace).toEqual(['socket stops', 'socket stopped', 'tools stops', 'tools stopped', 'store stops', 'store stopped']);
});

test('failures, thrown or rejected, are told and keep nobody from stopping', async () => {
  const lifecycle = createLifecycle(createManualClock());
  const trace: string[] = [];
  lifecycle.own('last', () => void trace.push('last'));
  lifecycle.own('throws', () => {
    throw new Error('thrown');
  });
  lifecycle.own('rejects', () => Promise.reject(new Error('rejected')));
  const failures = await lifecycle.unwind(1000);
  expect(failures.map(({ name, error }) => [name, (error as Error).message])).toEqual([
    ['rejects', 'rejected'],
    ['throws', 'thrown'],
  ]);
  expect(trace).toEqual(['last']);
});

test('one that does not stop is left behind after its deadline', async () => {
  const clock = createManualClock();
  const lifecycle = createLifecycle(clock);
  const trace: string[] = [];
  lifecycle.own('last', () => void trace.push('last'));
  lifecycle.own('hangs', () => new Promise(() => {}));
  const unwinding = lifecycle.unwind(5000);
  await clock.advanceAsync(4999);
  expect(trace).toEqual([]);
  await clock.advanceAsync(1);
  const failures = await unwinding;
  expect(failures.map(({ name, error }) => [name, (error as Error).message])).toEqual([['hangs', '"hangs" did not stop within 5000 ms']]);
  expect(trace).toEqual(['last']);
  expect(clock.armed).toBe(0);
});

test('unwinding twice undoes nothing twice', async () => {
  const lifecycle = createLifecycle(createManualClock());
  let undone = 0;
  lifecycle.own('once', () => {
    undone += 1;
  });
  await Promise.all([lifecycle.unwind(100), lifecycle.unwind(100)]);
  await lifecycle.unwind(100);
  expect(undone).toBe(1);
});

test('a deadline leaves no timer behind when the work is done in time', async () => {
  const clock = createManualClock();
  expect(await withDeadline(clock, 100, 'late', Promise.resolve('done'))).toBe('done');
  await expect(withDeadline(clock, 100, 'late', Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(clock.armed).toBe(0);
});
