// Work sessions that make others: within bounds, and merged into whom they belong to.
import { expect, test } from 'vitest';
import { idOf } from '../../helpers/open-store.ts';
import { owner, setUpWork, specTaskId, type WorkSetup } from '../../helpers/work-setup.ts';

const parentId = idOf('wks', 1);
const wish = {
  parentId,
  name: 'Helper',
  description: '',
  base: 'parent_head',
  mergeInto: 'parent',
  required: true,
  dependsOn: [],
} as const;

const spawn = (work: WorkSetup, more: Partial<Parameters<WorkSetup['service']['spawn']>[0]> = {}) =>
  work.service.spawn({ ...wish, dependsOn: [], ...more }, owner);

async function withParent(): Promise<WorkSetup> {
  const work = await setUpWork({ items: [{}] });
  await work.turnBegins(1);
  await work.is(1, { status: 'active' });
  return work;
}

test('a child begins at what its parent has committed, and the parent is completed only after it', async () => {
  await using work = await withParent();
  work.git.commit(work.get(1).branch);
  const head = await work.git.headOf(work.task(), work.get(1).branch);
  const child = await spawn(work);
  expect(child).toMatchObject({ kind: 'spawned', depth: 1, parentId, branch: 'spt/1-search/s1-helper' });
  await work.byId(child.id, { status: 'active' });
  expect(work.wishes.at(-1)?.extras?.own?.definition.worktree.base).toBe(head);
  await work.turn(1);
  await work.is(1, { status: 'blocked', blockedReason: 'waiting_session' });
  await work.turnOf(child.id);
  await work.byId(child.id, { status: 'completed' });
  await work.is(1, { status: 'completed' });
  expect(work.git.merged).toEqual([child.branch, work.get(1).branch]);
});

test('a required child that failed keeps its parent from being complete until it is retried', async () => {
  await using work = await withParent();
  const child = await spawn(work);
  await work.byId(child.id, { status: 'active' });
  await work.store.write((w) => w.threads.change(w.threads.ofWorkSession(child.id)?.id as string, { status: 'failed' }));
  await work.turn(1);
  await work.byId(child.id, { status: 'failed' });
  await work.is(1, { status: 'blocked', blockedReason: 'dependency_failed' });
  await work.taskIs('implementation_failed');
  await expect(work.service.complete({ id: parentId, summary: '' }, owner)).rejects.toMatchObject({
    kind: 'PRECONDITION',
    details: { reason: 'child_failed' },
  });
  await work.service.retry({ id: child.id }, owner);
  await work.byId(child.id, { status: 'active', attempt: 2 });
  await work.turnOf(child.id);
  await work.is(1, { status: 'completed' });
  await work.taskIs('implementation_review');
});

test('a child that is not required does not hold its parent, and goes into the integration after it', async () => {
  await using work = await withParent();
  const child = await spawn(work, { required: false });
  await work.byId(child.id, { status: 'active' });
  await work.turn(1);
  await work.is(1, { status: 'completed' });
  expect(work.task().status).toBe('implementation');
  await work.turnOf(child.id);
  await work.taskIs('implementation_review');
});

test('a cancel of the parent ends pending children, and running ones with cascade', async () => {
  await using work = await withParent();
  const running = await spawn(work, { name: 'Runs' });
  await work.byId(running.id, { status: 'active' });
  const waiting = await spawn(work, { name: 'Waits', dependsOn: [running.id] });
  await work.service.cancel({ id: parentId, cascade: false }, owner);
  await work.byId(waiting.id, { status: 'cancelled' });
  expect(work.service.get(running.id).status).toBe('active');
  await work.service.cancel({ id: parentId, cascade: true }, owner);
  await work.byId(running.id, { status: 'cancelled' });
});

test.each([
  ['children', { children: 1 }, { limit: 1, value: 2 }],
  ['sessions_per_task', { sessions_per_task: 1 }, { limit: 1, value: 2 }],
  ['spawns_per_minute', { spawns_per_minute: 1 }, { limit: 1, value: 2 }],
] as const)('one over the limit of %s is refused with what it is over', async (what, limits, details) => {
  await using work = await withParent();
  work.limits = { ...work.limits, ...limits };
  await spawn(work);
  await expect(spawn(work)).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED', details: { what, ...details } });
  expect(work.service.list({ specTaskId }, undefined, 10).workSessions).toHaveLength(2);
  work.limits = { ...work.limits, children: 0, sessions_per_task: 0, spawns_per_minute: 0 };
  await spawn(work);
});

test('the depth is bounded', async () => {
  await using work = await withParent();
  work.limits = { ...work.limits, spawn_depth: 1, slots_per_task: 0, slots: 0 };
  const child = await spawn(work);
  await work.byId(child.id, { status: 'active' });
  await expect(spawn(work, { parentId: child.id })).rejects.toMatchObject({
    kind: 'LIMIT_EXCEEDED',
    details: { what: 'spawn_depth', limit: 1, value: 2 },
  });
});

test('only an active one makes others, and only waits for its own kind', async () => {
  await using work = await withParent();
  await expect(spawn(work, { dependsOn: [parentId] })).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'deadlock' } });
  await expect(spawn(work, { dependsOn: ['wks_none'] })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  await work.service.pause({ id: parentId, cancelTurn: false }, owner);
  await expect(spawn(work)).rejects.toMatchObject({ kind: 'INVALID_TRANSITION', details: { from: 'blocked' } });
});
