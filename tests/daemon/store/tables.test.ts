// Rows come back as they went in, and the rules that tables keep by themselves.
import { expect, test } from 'vitest';
import { afterAllIds, pageOf } from '../../../daemon/store/tables/rows.ts';
import {
  artifactRow,
  groupRow,
  idOf,
  memberRow,
  openTestStore,
  projectRow,
  sessionRow,
  stepRow,
  type TestStore,
  terminalRow,
  tokenRow,
  worktreeRow,
} from '../../helpers/open-store.ts';

async function withProject(): Promise<TestStore> {
  const opened = openTestStore();
  await opened.store.write((w) => w.projects.insert(projectRow()));
  return opened;
}

test('a session comes back as it went in, absent members stay absent, and a change touches what it names', async () => {
  using opened = await withProject();
  const { store } = opened;
  const plain = sessionRow(1);
  const full = sessionRow(2, {
    arguments: { a: [1, 'x'], b: true },
    branch: 'topic',
    budgetMs: 5,
    deadlineAt: 9,
    startedAt: 3,
    groupId: 'g',
  });
  await store.write((w) => {
    w.sessions.insert(plain);
    w.sessions.insert(full);
    w.sessions.change(plain.id, {});
  });
  expect(store.read((r) => [r.sessions.get(plain.id), r.sessions.bySlug(full.slug)])).toEqual([plain, full]);
  await store.write((w) => w.sessions.change(full.id, { status: 'failed', reason: 'exit', error: null }));
  expect(store.read((r) => r.sessions.get(full.id))).toEqual({ ...full, status: 'failed', reason: 'exit' });
  await store.write((w) => w.sessions.change(full.id, { reason: null }));
  expect(store.read((r) => r.sessions.get(full.id))).toEqual({ ...full, status: 'failed' });
});

test('sessions are listed newest first, filtered, a page at a time', async () => {
  using opened = await withProject();
  const { store } = opened;
  await store.write((w) => {
    for (let n = 1; n <= 7; n++)
      w.sessions.insert(sessionRow(n, { status: n % 2 ? 'failed' : 'queued', commandName: n > 4 ? 'test' : 'build' }));
  });
  const list = (filter: object, limit = 10, cursor = afterAllIds) =>
    store.read((r) => r.sessions.list(filter, cursor, limit).map(({ createdAt }) => createdAt));
  expect(list({})).toEqual([7, 6, 5, 4, 3, 2, 1]);
  expect(list({ statuses: ['failed'] })).toEqual([7, 5, 3, 1]);
  expect(list({ statuses: ['failed', 'queued'], commandName: 'test' })).toEqual([7, 6, 5]);
  expect(list({ statuses: [] })).toEqual([]);
  expect(list({ projectId: 'prj_other' })).toEqual([]);
  expect(list({}, 2, idOf('ses', 4))).toEqual([3, 2]);
  expect(
    store.read((r) => [r.sessions.countByStatus(), r.sessions.queue().map(({ id }) => id), r.sessions.similarSlugs('build-')]),
  ).toEqual([{ failed: 4, queued: 3 }, [2, 4, 6].map((n) => idOf('ses', n)), ['build-1', 'build-2', 'build-3', 'build-4', 'build-5']]);
  expect(store.read((r) => r.sessions.active().map(({ createdAt }) => createdAt))).toEqual([2, 4, 6]);
});

test('a page tells where the next begins, and the last one that there is none', () => {
  const rows = [{ id: 'c' }, { id: 'b' }, { id: 'a' }];
  expect(pageOf(rows, 2)).toEqual({ rows: [{ id: 'c' }, { id: 'b' }], nextCursor: 'b' });
  expect(pageOf(rows, 3)).toEqual({ rows });
  expect(pageOf([], 3)).toEqual({ rows: [] });
});

test('a slug, a project name, a live worktree path, a live branch and a live token name are unique', async () => {
  using opened = await withProject();
  const { store } = opened;
  await store.write((w) => {
    w.sessions.insert(sessionRow(1));
    w.worktrees.insert(worktreeRow(1));
    w.tokens.insert(tokenRow(1));
  });
  const refused = [
    store.write((w) => w.sessions.insert(sessionRow(2, { slug: 'build-1' }))),
    store.write((w) => w.projects.insert(projectRow({ id: 'prj_2', path: '/other', gitDir: '/other/.git' }))),
    store.write((w) => w.worktrees.insert(worktreeRow(2, { path: '/data/worktrees/demo/w1' }))),
    store.write((w) => w.worktrees.insert(worktreeRow(2, { branch: 'topic-1' }))),
    store.write((w) => w.tokens.insert(tokenRow(2, { name: 'token 1' }))),
  ];
  for (const result of await Promise.allSettled(refused)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: expect.stringMatching(/^SQLITE_CONSTRAINT/) } });
  }
  await store.write((w) => {
    w.worktrees.markRemoved(idOf('wt', 1), 5);
    w.worktrees.insert(worktreeRow(2, { path: '/data/worktrees/demo/w1', branch: 'topic-1' }));
    w.tokens.revoke(idOf('tok', 1), 5);
    w.tokens.insert(tokenRow(2, { name: 'token 1' }));
  });
  expect(store.read((r) => [r.worktrees.byPath('/data/worktrees/demo/w1')?.id, r.tokens.liveByName('token 1')?.id])).toEqual([
    idOf('wt', 2),
    idOf('tok', 2),
  ]);
});

test('a state outside of the machine is refused by the database itself', async () => {
  using opened = await withProject();
  const failing = opened.store.write((w) => w.sessions.insert(sessionRow(1, { status: 'sleeping' as never })));
  await expect(failing).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_CHECK' });
});

test('what belongs to a session goes with it, what it only used stays', async () => {
  using opened = await withProject();
  const { store } = opened;
  await store.write((w) => {
    w.worktrees.insert(worktreeRow(1));
    w.sessions.insert(sessionRow(1, { worktreeId: idOf('wt', 1) }));
    w.steps.insert(stepRow(1));
    w.artifacts.put(artifactRow(1));
    w.tokens.insert(tokenRow(1, { sessionId: idOf('ses', 1) }));
    w.sessions.setData(idOf('ses', 1), 'k', { a: 1 }, 1);
  });
  await store.write((w) => w.sessions.remove(idOf('ses', 1)));
  store.read((r) => {
    expect([r.steps.get(idOf('stp', 1)), r.artifacts.get(idOf('art', 1)), r.tokens.get(idOf('tok', 1))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(r.sessions.sharedData(idOf('ses', 1))).toEqual({});
    expect(r.worktrees.get(idOf('wt', 1))).toBeDefined();
  });
});

test('a project with sessions or worktrees is kept by the database; forgetting it takes what ended', async () => {
  using opened = await withProject();
  const { store } = opened;
  await store.write((w) => {
    w.sessions.insert(sessionRow(1, { status: 'failed' }));
    w.worktrees.insert(worktreeRow(1, { status: 'removed' }));
  });
  await store.write((w) => w.projects.remove(projectRow().id));
  expect(store.read((r) => [r.projects.count(), r.sessions.get(idOf('ses', 1)), r.worktrees.get(idOf('wt', 1))])).toEqual([
    0,
    undefined,
    undefined,
  ]);
});

test('pending steps of a range are skipped, others are left', async () => {
  using opened = await withProject();
  const { store } = opened;
  await store.write((w) => {
    w.sessions.insert(sessionRow(1));
    w.steps.insert(stepRow(1, { status: 'succeeded' }));
    w.steps.insert(stepRow(2));
    w.steps.insert(stepRow(3, { position: 3_000, phase: 'finally' }));
    w.steps.skipPending(idOf('ses', 1), { from: 0, below: 2_000 }, 'not_reached');
  });
  const states = store.read((r) => r.steps.ofSession(idOf('ses', 1)).map(({ status, reason }) => [status, reason]));
  expect(states).toEqual([
    ['succeeded', undefined],
    ['skipped', 'not_reached'],
    ['pending', undefined],
  ]);
});

test('a terminal ends once, an artifact of one path is renewed, a token of a session is in no list', async () => {
  using opened = await withProject();
  const { store } = opened;
  await store.write((w) => {
    w.sessions.insert(sessionRow(1));
    w.terminals.insert(terminalRow(1));
    w.terminals.end(idOf('trm', 1), 'lost', 'server_gone', 5);
    w.terminals.end(idOf('trm', 1), 'ended', 'killed', 6);
    w.artifacts.put(artifactRow(1));
    w.artifacts.put(artifactRow(2, { path: 'outputs/1.txt', sizeBytes: 99 }));
    w.tokens.insert(tokenRow(1));
    w.tokens.insert(tokenRow(2, { sessionId: idOf('ses', 1) }));
    w.tokens.touch(idOf('tok', 1), 8);
    w.tokens.revokeOfSession(idOf('ses', 1), 9);
  });
  store.read((r) => {
    expect(r.terminals.get(idOf('trm', 1))).toMatchObject({ status: 'lost', reason: 'server_gone', endedAt: 5 });
    expect(r.artifacts.list(idOf('ses', 1), undefined, '', 10)).toMatchObject([{ id: idOf('art', 1), sizeBytes: 99 }]);
    expect(r.tokens.list(afterAllIds, 10)).toEqual([{ ...tokenRow(1), lastUsedAt: 8 }]);
    expect(r.tokens.get(idOf('tok', 2))?.revokedAt).toBe(9);
  });
});

test('a group comes back as it went in; its members tell what their sessions are, and what they were once those are gone', async () => {
  using opened = await withProject();
  const { store } = opened;
  const plain = groupRow(1);
  const full = groupRow(2, {
    ...{ gate: 'audit', kind: 'quorum', required: 2, failFast: true, timeoutMs: 5, deadlineAt: 9, reason: 'timeout' },
    ...{ status: 'degraded', cancelRequestedAt: 4, endedAt: 8 },
  });
  await store.write((w) => {
    w.groups.insert(plain);
    w.groups.insert(full);
    for (const n of [1, 2, 3]) w.sessions.insert(sessionRow(n, { groupId: plain.id, status: n === 3 ? 'running' : 'failed' }));
    w.groups.addMember(memberRow(2, { agent: 'claude' }));
    w.groups.addMember(memberRow(1));
    w.groups.addMember(memberRow(3, { member: 1, attempt: 2 }));
    w.groups.endMember(idOf('ses', 1), { status: 'failed', reason: 'exit' });
    w.groups.change(plain.id, {});
  });
  expect(store.read((r) => [r.groups.get(plain.id), r.groups.get(full.id)])).toEqual([plain, full]);
  const told = () =>
    store.read((r) => r.groups.members(plain.id).map(({ member, attempt, status, reason }) => [member, attempt, status, reason]));
  expect(told()).toEqual([
    [1, 1, 'failed', 'exit'],
    [1, 2, 'running', undefined],
    [2, 1, 'failed', undefined],
  ]);
  expect(store.read((r) => r.groups.memberOf(idOf('ses', 2)))).toMatchObject({ groupId: plain.id, member: 2, agent: 'claude' });
  expect(store.read((r) => r.groups.running().map(({ id }) => id))).toEqual([plain.id]);
  await store.write((w) => {
    w.sessions.remove(idOf('ses', 1));
    w.groups.change(full.id, { status: 'running', reason: null, deadlineAt: null, cancelRequestedAt: null, endedAt: null });
  });
  expect(told()[0]).toEqual([1, 1, 'failed', 'exit']);
  const { reason: _1, deadlineAt: _2, cancelRequestedAt: _3, endedAt: _4, ...cleared } = full;
  expect(store.read((r) => r.groups.get(full.id))).toEqual({ ...cleared, status: 'running' });
});

test('a group is forgotten when it has ended and its last session is gone, or with its project', async () => {
  using opened = await withProject();
  const { store } = opened;
  const there = () => store.read((r) => r.groups.get(idOf('grp', 1)) !== undefined);
  await store.write((w) => {
    w.groups.insert(groupRow(1));
    for (const n of [1, 2]) w.sessions.insert(sessionRow(n, { groupId: idOf('grp', 1), status: 'failed' }));
    for (const n of [1, 2]) w.groups.addMember(memberRow(n));
  });
  const remove = (n: number) =>
    store.write((w) => {
      w.sessions.remove(idOf('ses', n));
      w.groups.removeIfBare(idOf('grp', 1));
    });
  await remove(1);
  expect(there()).toBe(true);
  await store.write((w) => w.groups.change(idOf('grp', 1), { status: 'failed' }));
  await remove(2);
  expect(there()).toBe(false);
  await store.write((w) => {
    w.groups.insert(groupRow(1, { status: 'failed' }));
    w.groups.addMember(memberRow(1));
    w.projects.remove(projectRow().id);
  });
  expect(there()).toBe(false);
  expect(store.read((r) => r.groups.memberOf(idOf('ses', 1)))).toBeUndefined();
});
