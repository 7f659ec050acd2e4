// Generated from the tables themselves: what is in them works, every other pair is refused with what is allowed instead.
import { describe, expect, test } from 'vitest';
import { instanceTransitions, silenceOf, threadTransitions } from '../../../daemon/instances/machine.ts';
import { mayChange, type Transitions } from '../../../daemon/kernel/transitions.ts';
import { specTaskTransitions } from '../../../daemon/spec-tasks/machine.ts';
import { implTaskStatusOf, workSessionTransitions } from '../../../daemon/work-sessions/machine.ts';
import { Failure } from '../../../schemas/errors.ts';
import { instanceStatuses, threadStatuses } from '../../../schemas/instance.ts';
import { specTaskStatuses, workSessionStatuses } from '../../../schemas/task-words.ts';

const machines = [
  ['a spec task', specTaskTransitions, specTaskStatuses],
  ['a work session', workSessionTransitions, workSessionStatuses],
  ['an instance', instanceTransitions, instanceStatuses],
  ['a thread', threadTransitions, threadStatuses],
] as const;

describe.each(machines)('the statuses of %s', (what, transitions, statuses) => {
  const table = transitions as Transitions<string>;
  const pairs = statuses.flatMap((from) => statuses.map((to) => [from, to] as const));

  test('are all in the table, and lead only to statuses that exist', () => {
    expect(Object.keys(table).sort()).toEqual([...statuses].sort());
    for (const next of Object.values(table).flat()) expect(statuses).toContain(next);
  });

  test.each(pairs.filter(([from, to]) => table[from]?.includes(to)))('go from %s to %s', (from, to) => {
    expect(mayChange(table, what, from, to)).toBe(true);
  });

  test.each(statuses)('stay %s without a change when that is asked for again', (status) => {
    expect(mayChange(table, what, status, status)).toBe(false);
  });

  test.each(pairs.filter(([from, to]) => from !== to && !table[from]?.includes(to)))('never go from %s to %s', (from, to) => {
    const refused = (() => {
      try {
        mayChange(table, what, from, to);
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(Failure);
    expect(refused).toMatchObject({ kind: 'INVALID_TRANSITION', details: { from, to, allowed: table[from] } });
  });
});

test('the ended statuses of a spec task are those that lead nowhere', () => {
  expect(specTaskStatuses.filter((status) => specTaskTransitions[status].length === 0)).toEqual(['done', 'cancelled']);
});

test('every status of a spec task that has not ended can be cancelled', () => {
  for (const status of specTaskStatuses)
    if (specTaskTransitions[status].length > 0) expect(specTaskTransitions[status]).toContain('cancelled');
});

test.each([
  [0, 'alive'],
  [45_000, 'alive'],
  [46_000, 'stale'],
  [120_000, 'stale'],
  [121_000, 'lost'],
] as const)('an instance that was silent for %i ms is %s', (silentMs, expected) => {
  expect(silenceOf(silentMs)).toBe(expected);
});

test.each([
  [{ status: 'pending', stage: 'waiting_slot' }, 'pending'],
  [{ status: 'pending', stage: 'provisioning' }, 'assigned'],
  [{ status: 'active', stage: 'merging' }, 'in_progress'],
  [{ status: 'blocked' }, 'blocked'],
  [{ status: 'failed' }, 'blocked'],
  [{ status: 'completed' }, 'completed'],
  [{ status: 'cancelled' }, 'skipped'],
] as const)('the implementation task of a work session %j is %s', (workSession, expected) => {
  expect(implTaskStatusOf(workSession)).toBe(expected);
});
