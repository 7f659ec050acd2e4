import { expect, test } from 'vitest';
import { limits } from '../../../schemas/limits.ts';
import { detailsOf, failureOf } from '../../helpers/failure-of.ts';
import { specTaskRow } from '../../helpers/spec-task-rows.ts';
import { origin, setUp } from './setup.ts';

const task = specTaskRow(1);

test('a value is written over the version that was read, or not at all', async () => {
  using at = await setUp();
  const { state } = at.coordination;
  expect(await state.set(task, { key: 'port', value: 1, ifVersion: 0 }, origin)).toMatchObject({ version: 1, updatedBy: 'owner' });
  expect(await detailsOf(state.set(task, { key: 'port', value: 2, ifVersion: 0 }, origin), 'CONFLICT')).toEqual({ expected: 0, actual: 1 });
  const both = await Promise.allSettled([2, 3].map((value) => state.set(task, { key: 'port', value, ifVersion: 1 }, origin)));
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(state.get(task, 'port')).toMatchObject({ value: 2, version: 2 });
  await failureOf(state.set(task, { key: 'other', value: 1, ifVersion: 3 }, origin), 'CONFLICT');
});

test('each change is one event; removing what is not there is NOT_FOUND', async () => {
  using at = await setUp();
  const { state } = at.coordination;
  await state.set(task, { key: 'a', value: { deep: [null] } }, origin);
  await failureOf(state.remove(task, { key: 'a', ifVersion: 7 }, origin), 'CONFLICT');
  await state.remove(task, { key: 'a' }, origin);
  await failureOf(state.remove(task, { key: 'a' }, origin), 'NOT_FOUND');
  expect(() => state.get(task, 'a')).toThrow('shares no value "a"');
  expect(at.events().map(({ data }) => data)).toEqual([
    { key: 'a', version: 1, removed: false },
    { key: 'a', removed: true },
  ]);
});

test('a value has 64 KiB at most, and a task 256 of them', async () => {
  using at = await setUp();
  const { state } = at.coordination;
  await state.set(task, { key: 'full', value: 'x'.repeat(limits.sharedStateBytes - 2) }, origin);
  await failureOf(state.set(task, { key: 'more', value: 'x'.repeat(limits.sharedStateBytes - 1) }, origin), 'LIMIT_EXCEEDED');
  await failureOf(state.set(task, { key: 'none', value: undefined }, origin), 'INVALID_PARAMS');
  for (let n = 1; n < limits.sharedStateKeys; n += 1) await state.set(task, { key: `k${String(n).padStart(3, '0')}`, value: n }, origin);
  await failureOf(state.set(task, { key: 'one more', value: 1 }, origin), 'LIMIT_EXCEEDED');
  await state.set(task, { key: 'full', value: 'still' }, origin);
  await state.set(specTaskRow(2), { key: 'elsewhere', value: 1 }, origin);
  const first = state.list(task, undefined, 200);
  const second = state.list(task, first.nextCursor, 200);
  expect([first.entries.length, second.entries.length, second.nextCursor]).toEqual([200, 56, undefined]);
});
