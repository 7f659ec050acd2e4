// Every group of up to five members, whatever becomes of each: the machine is compared with the rules as they are told to people.
import { describe, expect, test } from 'vitest';
import { assertLegal, isTriedAgain, type Move, nextMove, outcomeOf, requiredOf } from '../../../daemon/groups/machine.ts';
import { groupStatuses } from '../../../schemas/group.ts';
import type { SessionStatus } from '../../../schemas/session.ts';

type Facts = Parameters<typeof nextMove>[0];
type Member = Parameters<typeof nextMove>[1][number];

const sizes = [1, 2, 3, 4, 5];
const quorum = (required: number, more: Partial<Facts> = {}): Facts => ({ kind: 'quorum', required, failFast: false, ...more });
const members = (statuses: readonly SessionStatus[], attempt = 2): Member[] => statuses.map((status) => ({ status, attempt }));

/** All ways in which `n` members can each be in one of these states. */
function* combinations(n: number, states: readonly SessionStatus[]): Generator<SessionStatus[]> {
  if (n === 0) yield [];
  else for (const rest of combinations(n - 1, states)) for (const state of states) yield [...rest, state];
}

const endedStates: readonly SessionStatus[] = ['succeeded', 'failed', 'cancelled', 'lost'];
const count = (statuses: readonly SessionStatus[], ...wanted: readonly SessionStatus[]): number =>
  statuses.filter((status) => wanted.includes(status)).length;

function ended(move: Move): string | undefined {
  return move.do === 'finish' ? outcomeOf(move.end.status) : undefined;
}

describe.each(sizes)('of %i members', (n) => {
  test.each(sizes.filter((k) => k <= n))('with %i required: all is full, enough is degraded, fewer is failed', (k) => {
    let seen = 0;
    for (const statuses of combinations(n, endedStates)) {
      const succeeded = count(statuses, 'succeeded');
      const wanted = succeeded === n ? 'full' : succeeded >= k ? 'degraded' : 'failed';
      expect(ended(nextMove(quorum(k), members(statuses), 0)), statuses.join()).toBe(wanted);
      seen += 1;
    }
    expect(seen).toBe(4 ** n);
  });

  test.each(sizes.filter((k) => k <= n))('with %i required: what runs goes on until enough can not succeed any more', (k) => {
    for (const statuses of combinations(n, ['succeeded', 'failed', 'running', 'queued'])) {
      const running = count(statuses, 'running', 'queued');
      if (running === 0) continue;
      const possible = count(statuses, 'succeeded') + running;
      const wanted = possible < k ? { do: 'end', reason: 'not_enough' } : { do: 'wait' };
      expect(nextMove(quorum(k), members(statuses, 1), 0), statuses.join()).toEqual(wanted);
    }
  });

  test('all of them: one that does not succeed ends the others, and the group has failed', () => {
    const group = { kind: 'all', required: n, failFast: false } as const;
    for (const statuses of combinations(n, [...endedStates, 'running'])) {
      const bad = count(statuses, 'failed', 'cancelled', 'lost');
      const running = count(statuses, 'running');
      const move = nextMove(group, members(statuses, 1), 0);
      if (running > 0) expect(move, statuses.join()).toEqual(bad > 0 ? { do: 'end', reason: 'not_enough' } : { do: 'wait' });
      else expect(ended(move), statuses.join()).toBe(bad > 0 ? 'failed' : 'full');
    }
  });

  test('the first of them: one success ends the others and is full, whoever failed before; none is failed', () => {
    const group = { kind: 'first', required: 1, failFast: false } as const;
    for (const statuses of combinations(n, [...endedStates, 'running'])) {
      const won = count(statuses, 'succeeded') > 0;
      const running = count(statuses, 'running');
      const move = nextMove(group, members(statuses, 1), 0);
      if (running > 0) expect(move, statuses.join()).toEqual(won ? { do: 'end', reason: 'won' } : { do: 'wait' });
      else expect(ended(move), statuses.join()).toBe(won ? 'full' : 'failed');
    }
  });

  test.each(sizes.filter((k) => k <= n))('with %i required and failFast: the first failure ends the others', (k) => {
    for (const statuses of combinations(n, ['succeeded', 'failed', 'running'])) {
      if (count(statuses, 'running') === 0) continue;
      const move = nextMove(quorum(k, { failFast: true }), members(statuses, 1), 0);
      expect(move.do, statuses.join()).toBe(count(statuses, 'failed') > 0 ? 'end' : 'wait');
    }
  });
});

describe('members that failed', () => {
  const enough = members(['succeeded', 'succeeded', 'failed'], 1);

  test('are tried once more when enough succeeded, and then accepted as degraded', () => {
    expect(nextMove(quorum(2), enough, 0)).toEqual({ do: 'retry' });
    const tried = [...enough.slice(0, 2), { status: 'running', attempt: 2 } as const];
    expect(nextMove(quorum(2), tried, 0)).toEqual({ do: 'wait' });
    expect(nextMove(quorum(2), [...tried.slice(0, 2), { status: 'failed', attempt: 2 }], 0)).toEqual({
      do: 'finish',
      end: { status: 'degraded' },
    });
    expect(nextMove(quorum(2), [...tried.slice(0, 2), { status: 'succeeded', attempt: 2 }], 0)).toEqual({
      do: 'finish',
      end: { status: 'succeeded' },
    });
  });

  test('are not tried when too few succeeded, when the group was ended before, with failFast, or after the deadline', () => {
    expect(ended(nextMove(quorum(3), enough, 0))).toBe('failed');
    expect(ended(nextMove(quorum(2, { reason: 'timeout' }), enough, 0))).toBe('degraded');
    expect(ended(nextMove(quorum(2, { failFast: true }), enough, 0))).toBe('degraded');
    expect(nextMove(quorum(2, { deadlineAt: 5 }), enough, 4)).toEqual({ do: 'retry' });
    expect(ended(nextMove(quorum(2, { deadlineAt: 5 }), enough, 5))).toBe('degraded');
  });

  test.each(['cancelled', 'lost'] as const)('are tried alone: one that was %s is left as it is', (status) => {
    expect(ended(nextMove(quorum(2), members(['succeeded', 'succeeded', status], 1), 0))).toBe('degraded');
    expect(isTriedAgain({ status, attempt: 1 })).toBe(false);
  });
});

describe('a group that is being ended', () => {
  test.each(['won', 'not_enough', 'fail_fast', 'timeout'])('keeps its reason (%s) until the last member is dead', (reason) => {
    const group = quorum(1, { reason });
    expect(nextMove(group, members(['succeeded', 'running', 'queued']), 0)).toEqual({ do: 'end', reason });
    expect(nextMove(group, members(['succeeded', 'cancelled', 'cancelled']), 0)).toEqual({
      do: 'finish',
      end: { status: 'degraded', reason },
    });
  });

  test('by its deadline is accepted when enough succeeded by then, and has failed by it otherwise', () => {
    const group = quorum(2, { deadlineAt: 10 });
    expect(nextMove(group, members(['succeeded', 'succeeded', 'running']), 9)).toEqual({ do: 'wait' });
    expect(nextMove(group, members(['succeeded', 'succeeded', 'running']), 10)).toEqual({ do: 'end', reason: 'timeout' });
    const late = { ...group, reason: 'timeout' };
    expect(nextMove(late, members(['succeeded', 'succeeded', 'cancelled']), 11)).toMatchObject({
      end: { status: 'degraded', reason: 'timeout' },
    });
    expect(nextMove(late, members(['succeeded', 'failed', 'cancelled']), 11)).toMatchObject({
      end: { status: 'failed', reason: 'timeout' },
    });
    expect(nextMove(late, members(['succeeded', 'succeeded', 'succeeded']), 11)).toMatchObject({ end: { status: 'succeeded' } });
  });

  test('by a cancel is cancelled, unless all had succeeded by then', () => {
    const group = quorum(1, { cancelRequestedAt: 3, reason: 'enough' });
    expect(nextMove(group, members(['running', 'succeeded']), 0)).toEqual({ do: 'end', reason: 'enough' });
    expect(nextMove(group, members(['cancelled', 'succeeded']), 0)).toEqual({
      do: 'finish',
      end: { status: 'cancelled', reason: 'enough' },
    });
    expect(nextMove(group, members(['succeeded', 'succeeded']), 0)).toEqual({ do: 'finish', end: { status: 'succeeded' } });
  });
});

test('what each state of a group takes', () => {
  const takes = (action: 'cancel' | 'retry') =>
    groupStatuses.filter((status) => {
      try {
        assertLegal(action, { id: 'grp_x', status });
        return true;
      } catch (error) {
        expect(error).toMatchObject({ kind: 'INVALID_TRANSITION', details: { from: status } });
        return false;
      }
    });
  expect(takes('cancel')).toEqual(['running']);
  expect(takes('retry')).toEqual(['degraded', 'failed', 'cancelled']);
});

test('only a quorum is told how many it needs, and not more than it has', () => {
  expect([requiredOf('all', undefined, 4), requiredOf('first', undefined, 4), requiredOf('quorum', 3, 4)]).toEqual([4, 1, 3]);
  for (const [kind, required, said] of [
    ['all', 4, 'belongs to a quorum'],
    ['first', 1, 'belongs to a quorum'],
    ['quorum', undefined, 'needs "required"'],
    ['quorum', 5, 'from 4 members'],
  ] as const) {
    expect(() => requiredOf(kind, required, 4)).toThrow(said);
  }
});
