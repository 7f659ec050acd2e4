// What makes a group move, on a real store with sessions that only note what is asked of them.
import { expect, test } from 'vitest';
import { createGroupReactor, type ReactorDeps } from '../../../daemon/groups/reactor.ts';
import { createDeadlines } from '../../../daemon/kernel/deadline.ts';
import { createKeyedQueue } from '../../../daemon/kernel/keyed-queue.ts';
import { createLog } from '../../../daemon/kernel/log.ts';
import type { GroupRecord } from '../../../daemon/store/tables/groups.ts';
import { Failure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import type { SessionStatus } from '../../../schemas/session.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { groupRow, idOf, memberRow, openTestStore, projectRow, sessionRow } from '../../helpers/open-store.ts';
import { until } from '../../helpers/until.ts';

interface World {
  readonly over?: Partial<GroupRecord>;
  readonly members: readonly SessionStatus[];
}

async function setUp(groups: readonly World[]) {
  const clock = createManualClock(1_000);
  const opened = openTestStore({ clock });
  const { store } = opened;
  const asked: unknown[] = [];
  const removed: string[] = [];
  const lines: string[] = [];
  let refusal: Error | undefined;
  await store.write((w) => {
    w.projects.insert(projectRow());
    groups.forEach(({ over, members }, g) => {
      const group = groupRow(g + 1, { kind: 'quorum', ...over });
      w.groups.insert(group);
      members.forEach((status, m) => {
        const n = 10 * (g + 1) + m;
        w.sessions.insert(sessionRow(n, { groupId: group.id, status }));
        w.groups.addMember(memberRow(n, { groupId: group.id, member: m + 1 }));
      });
    });
  });
  const sessions: ReactorDeps['sessions'] = {
    again: async (ref) => {
      if (refusal) throw refusal;
      return { request: { project: 'p', command: ref, arguments: {}, environment: {} } };
    },
    startTogether: (wishes, _, also) => {
      asked.push({ started: wishes.map(({ request }) => request.command) });
      return store.write((w) => {
        const started = wishes.map((_wish, index) => sessionRow(90 + index, { groupId: idOf('grp', 1) }));
        for (const session of started) w.sessions.insert(session);
        return also(w, started);
      });
    },
    cancelAll: async (ids, reason) => void asked.push({ cancelled: ids, reason }),
  };
  const deps: ReactorDeps = {
    ...{ store, clock, sessions, queue: createKeyedQueue(), deadlines: createDeadlines(clock) },
    log: createLog('warn', (line) => void lines.push(line)).log,
    envFiles: { remove: async (id) => void removed.push(id) },
  };
  const reactor = createGroupReactor(deps);
  const ends = (n: number, status: 'succeeded' | 'failed' | 'cancelled') =>
    store.write((w) => {
      w.sessions.change(idOf('ses', n), { status });
      w.groups.endMember(idOf('ses', n), { status });
      const data = { groupId: idOf('grp', 1), member: 1, attempt: 1, slug: 'x', status };
      w.events.append({ type: 'group.memberFinished', subject: { sessionId: idOf('ses', n) }, actor: 'daemon', data });
    });
  const group = (n = 1) => store.read((r) => r.groups.get(idOf('grp', n)));
  const refuse = (error: Error | undefined): void => {
    refusal = error;
  };
  const idle = (): Promise<void> => deps.queue.idle();
  return { ...deps, clock, reactor, asked, removed, lines, ends, group, refuse, idle, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

const types = ({ store }: { store: ReactorDeps['store'] }): string[] => store.read((r) => r.events.page(0, 100).map(({ type }) => type));

test('the end of a member that makes it certain has the others ended, with the reason committed before; their end ends the group', async () => {
  using world = await setUp([{ over: { required: 2 }, members: ['running', 'queued', 'running'] }]);
  await world.ends(10, 'failed');
  await world.idle();
  expect(world.asked).toEqual([]);
  await world.ends(12, 'failed');
  await world.idle();
  expect(world.asked).toEqual([{ cancelled: [idOf('ses', 11)], reason: 'group not_enough' }]);
  expect(world.group()).toMatchObject({ status: 'running', reason: 'not_enough' });
  expect(world.removed).toEqual([]);
  await world.ends(11, 'cancelled');
  await world.idle();
  expect(world.group()).toMatchObject({ status: 'failed', reason: 'not_enough', endedAt: 1_000 });
  expect(world.removed).toEqual([10, 11, 12].map((n) => idOf('ses', n)));
  expect(types(world).at(-1)).toBe('group.finished');
});

test('the deadlines of all groups are on one timer', async () => {
  const over = (deadlineAt: number) => ({ required: 1, deadlineAt });
  using world = await setUp([2_000, 3_000, 4_000].map((at) => ({ over: over(at), members: ['running'] as const })));
  world.reactor.resume();
  await world.idle();
  expect(world.clock.armed).toBe(1);
  await world.clock.advanceAsync(1_999);
  await world.idle();
  expect(world.asked).toEqual([{ cancelled: [idOf('ses', 10)], reason: 'group timeout' }]);
  expect([world.group(1)?.reason, world.group(2)?.reason]).toEqual(['timeout', undefined]);
  expect(world.clock.armed).toBe(1);
});

test('at a start each group that runs is looked at: what was being ended is ended, what has ended is decided', async () => {
  using world = await setUp([
    { over: { kind: 'first', required: 1, reason: 'won' }, members: ['succeeded', 'running'] },
    { over: { required: 2 }, members: ['succeeded', 'succeeded'] },
    { over: { required: 1 }, members: ['succeeded', 'running'] },
    { over: { required: 2, cancelRequestedAt: 5, reason: 'enough' }, members: ['cancelled', 'lost'] },
  ]);
  world.reactor.resume();
  await world.idle();
  expect(world.asked).toEqual([{ cancelled: [idOf('ses', 11)], reason: 'group won' }]);
  expect([1, 2, 3, 4].map((n) => world.group(n)?.status)).toEqual(['running', 'succeeded', 'running', 'cancelled']);
});

test('a failed member is started again once, as a new attempt', async () => {
  using world = await setUp([{ over: { required: 1 }, members: ['succeeded', 'running'] }]);
  await world.ends(11, 'failed');
  await world.idle();
  expect(world.asked).toEqual([{ started: [idOf('ses', 11)] }]);
  expect(world.store.read((r) => r.groups.members(idOf('grp', 1)).map(({ member, attempt, status }) => [member, attempt, status]))).toEqual(
    [
      [1, 1, 'succeeded'],
      [2, 1, 'failed'],
      [2, 2, 'queued'],
    ],
  );
  await world.ends(90, 'failed');
  await world.idle();
  expect(world.asked).toHaveLength(1);
  expect(types(world).slice(-2)).toEqual(['group.degraded', 'group.finished']);
});

test.each([
  [new Failure('COMMAND_INVALID', 'The file is gone.'), 'command_invalid'],
  [new Error('a bug'), 'internal'],
])('a second attempt that cannot start leaves the group degraded: %s', async (error, reason) => {
  using world = await setUp([{ over: { required: 1 }, members: ['succeeded', 'running'] }]);
  world.refuse(error);
  await world.ends(11, 'failed');
  await world.idle();
  expect(world.group()).toMatchObject({ status: 'degraded', reason });
  expect(world.removed).toHaveLength(2);
  expect(world.lines.join()).toContain('could not be started again');
});

test('what passes is tried again a second later, and not without end', async () => {
  using world = await setUp([{ over: { required: 1 }, members: ['succeeded', 'running'] }]);
  world.refuse(new Failure('STORE_BUSY', 'Another process holds it.'));
  await world.ends(11, 'failed');
  await world.idle();
  expect(world.group()?.status).toBe('running');
  const nextTry = async (): Promise<void> => {
    const before = world.lines.length;
    world.clock.advance(limits.groupAgainMs);
    await until('the next try', () => world.lines.length > before);
  };
  for (let n = 1; n < limits.retryAttempts; n += 1) await nextTry();
  expect(world.lines.at(-1)).toContain('the next start looks at it again');
  expect(world.clock.armed).toBe(0);

  world.refuse(undefined);
  world.reactor.resume();
  await world.idle();
  expect(world.asked).toEqual([{ started: [idOf('ses', 11)] }]);
});

test('a reactor that was stopped moves nothing any more', async () => {
  using world = await setUp([{ over: { required: 2 }, members: ['running', 'running'] }]);
  await world.reactor.stop();
  await world.ends(10, 'failed');
  await world.idle();
  expect(world.asked).toEqual([]);
  expect(world.group()?.reason).toBeUndefined();
});
