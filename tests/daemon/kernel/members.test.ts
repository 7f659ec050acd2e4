import { expect, test } from 'vitest';
import { forMembers } from '../../../daemon/kernel/members.ts';
import { Failure } from '../../../schemas/errors.ts';

const now = (): number => 0;

/** Each member fails as often as its number says. */
function setUp() {
  const calls: number[] = [];
  const work = async (member: number): Promise<string> => {
    calls.push(member);
    if (calls.filter((called) => called === member).length <= member) throw new Error(`${member} failed`);
    return `did ${member}`;
  };
  return { calls, work };
}

test('all that succeed at once are full, and each is called once', async () => {
  const { calls, work } = setUp();
  const result = await forMembers([0, 0, 0], work, { required: 3, now });
  expect(result).toMatchObject({ outcome: 'full', failed: [] });
  expect(calls).toEqual([0, 0, 0]);
});

test('those that failed are called once more, the others are not, and then it may be full', async () => {
  const { calls, work } = setUp();
  const result = await forMembers([0, 1], work, { required: 2, now });
  expect(result.outcome).toBe('full');
  expect(result.done).toEqual([
    { member: 0, value: 'did 0' },
    { member: 1, value: 'did 1' },
  ]);
  expect(calls).toEqual([0, 1, 1]);
});

test.each([
  [1, 'degraded'],
  [2, 'degraded'],
  [3, 'failed'],
])('two of four with %d required are %s, and who failed twice is told with the reason', async (required, outcome) => {
  const { calls, work } = setUp();
  const result = await forMembers([0, 5, 1, 7], work, { required, now });
  expect(result.outcome).toBe(outcome);
  expect(result.done.map(({ member }) => member)).toEqual([0, 1]);
  expect(result.failed).toEqual([
    { member: 5, error: new Error('5 failed') },
    { member: 7, error: new Error('7 failed') },
  ]);
  expect(calls).toEqual([0, 5, 1, 7, 5, 1, 7]);
});

test('nobody is full of nobody', async () => {
  expect(await forMembers([], async () => 1, { required: 0, now })).toEqual({ outcome: 'full', done: [], failed: [] });
});

test('a cancel ends it, between members and within one', async () => {
  const abort = new AbortController();
  const { calls, work } = setUp();
  const stopping = async (member: number): Promise<string> => {
    if (member === 0 && calls.length === 1) abort.abort();
    return work(member);
  };
  await expect(forMembers([0, 0, 0, 0], stopping, { required: 1, now, signal: abort.signal })).rejects.toMatchObject({ kind: 'CANCELLED' });
  expect(calls).toEqual([0, 0]);
  const cancelled = new Failure('CANCELLED', 'x');
  await expect(forMembers([1, 2], () => Promise.reject(cancelled), { required: 1, now })).rejects.toBe(cancelled);
});
