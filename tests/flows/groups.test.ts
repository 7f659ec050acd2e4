// Sessions that end together, over a real socket with real processes.
import { existsSync, readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { ParamsOf } from '../../schemas/index.ts';
import { groupEnded, membersOf, pidsIn, setUpGroups, story } from '../helpers/groups.ts';
import { isAlive, processesWith } from '../helpers/processes.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import type { RealDaemon } from '../helpers/real-daemon.ts';
import { until } from '../helpers/until.ts';

// Whole daemons, and processes that take their grace: a busy machine needs its time.
vi.setConfig({ testTimeout: 120_000 });

const groupEvents = async (daemon: RealDaemon): Promise<string[]> => (await daemon.events({ types: ['group.*'] })).map(({ type }) => type);

test('all members succeed: the group is full, each session names it, and the log tells it in order', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;

  const group = await setup.start('a:ok b:ok c:ok');
  expect(group).toMatchObject({ kind: 'all', required: 3, status: 'running', succeeded: 0, failFast: false });
  expect(group.members.map(({ member, commandName }) => `${member} ${commandName}`)).toEqual(['1 member', '2 member', '3 member']);
  const ended = await groupEnded(daemon, group.id);

  expect(ended).toMatchObject({ status: 'succeeded', outcome: 'full', succeeded: 3 });
  expect(ended.reason).toBeUndefined();
  expect((await signals.lines('ran')).toSorted()).toEqual(['a', 'b', 'c']);
  for (const { sessionId } of ended.members) expect((await daemon.client.session.get({ id: sessionId })).groupId).toBe(group.id);
  const told = ['group.memberFinished', 'group.memberFinished', 'group.memberFinished'];
  expect(await groupEvents(daemon)).toEqual(['group.started', ...told, 'group.finished']);
  // What members keep for another attempt goes with the group.
  await until('the environments to be gone', () => readdirSync(`${daemon.home.stateDir}/env`).length === 0);
  expect(await daemon.client.group.list({ status: ['succeeded'] })).toMatchObject({ groups: [{ id: group.id }] });
  expect(await daemon.client.group.list({ status: ['failed'] })).toEqual({ groups: [] });
});

test('the group fails as soon as too few can succeed, and what still ran is dead by then', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;

  const group = await setup.start('a:hang b:hang c:gate d:gate e:ok', { kind: 'quorum', required: 4 });
  const hanging = await pidsIn(signals, 'hanging', 2);
  await daemon.client.session.cancel({ id: group.members[2]?.sessionId as string });
  await until(
    'the first failure to be known',
    async () => (await daemon.client.group.get({ id: group.id })).members[2]?.status === 'cancelled',
  );
  expect(await daemon.client.group.get({ id: group.id })).toMatchObject({ status: 'running' });
  expect(hanging.every(isAlive)).toBe(true);
  await daemon.client.session.cancel({ id: group.members[3]?.sessionId as string });
  const ended = await groupEnded(daemon, group.id);

  expect(ended).toMatchObject({ status: 'failed', outcome: 'failed', reason: 'not_enough', succeeded: 1 });
  expect(hanging.filter(isAlive)).toEqual([]);
  expect(ended.members.map(({ status, reason }) => `${status} ${reason ?? ''}`.trim())).toEqual([
    'cancelled group not_enough',
    'cancelled group not_enough',
    'cancelled cancelled',
    'cancelled cancelled',
    'succeeded',
  ]);
});

test('when enough succeed the failed one is tried once more with all it had, secrets too; then the group is degraded and says so once', async () => {
  await using setup = await setUpGroups({ fields: { arguments: ['name', 'how', { name: 'key', secret: true, default: 'none' }] } });
  const { daemon, signals } = setup;
  const [first, ...others] = membersOf('a:fail b:ok c:ok');
  const secret = { command: 'member', arguments: { ...first?.arguments, key: 'only in the environment' } };

  const group = await daemon.client.group.start({
    ...{ project: setup.project, environment: daemon.home.env({ MINE: 'kept' }) },
    ...{ members: [secret, ...others], kind: 'quorum', required: 2 },
  } as ParamsOf<'group.start'>);
  const ended = await groupEnded(daemon, group.id);

  expect(ended).toMatchObject({ status: 'degraded', outcome: 'degraded', succeeded: 2 });
  expect(story(ended)).toEqual(['#1 failed > #2 failed', '#1 succeeded', '#1 succeeded']);
  expect((await signals.lines('ran')).toSorted()).toEqual(['a', 'a', 'b', 'c']);
  expect((await groupEvents(daemon)).slice(-3)).toEqual(['group.memberFinished', 'group.degraded', 'group.finished']);
  const [degraded] = await daemon.events({ types: ['group.degraded'] });
  expect(degraded?.data).toMatchObject({
    groupId: group.id,
    succeeded: 2,
    required: 2,
    members: 3,
    failedSessionIds: [ended.members[0]?.sessionId],
  });
});

test('a member that fails at first and succeeds when it is tried again makes the group full', async () => {
  await using setup = await setUpGroups();
  const { daemon } = setup;
  const group = await setup.start('a:second b:ok', { kind: 'quorum', required: 1 });
  const ended = await groupEnded(daemon, group.id);
  expect(ended).toMatchObject({ status: 'succeeded', outcome: 'full' });
  expect(story(ended)).toEqual(['#1 failed > #2 succeeded', '#1 succeeded']);
  expect(await groupEvents(daemon)).not.toContain('group.degraded');
});

test('of kind first the first success wins, and the others are dead when the group ends', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const group = await setup.start('a:fail b:hang c:gate d:stubborn', { kind: 'first' });
  const pids = [...(await pidsIn(signals, 'hanging', 1)), ...(await pidsIn(signals, 'tree', 4))];
  signals.open('c');
  const ended = await groupEnded(daemon, group.id);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(ended).toMatchObject({ status: 'succeeded', outcome: 'full', succeeded: 1 });
  expect(story(ended)).toEqual(['#1 failed', '#1 cancelled', '#1 succeeded', '#1 cancelled']);
});

test('retry starts only the members that did not succeed, as new sessions of the same group', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const group = await setup.start('a:ok b:second c:gate');
  const failed = await groupEnded(daemon, group.id);
  expect(failed).toMatchObject({ status: 'failed', reason: 'not_enough' });
  await expect(daemon.client.group.cancel({ id: group.id })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });

  signals.open('c');
  const again = await daemon.client.group.retry({ id: group.id, environment: daemon.home.env() });
  expect(again).toMatchObject({ id: group.id, status: 'running' });
  expect(again.reason).toBeUndefined();
  expect(again.endedAt).toBeUndefined();
  const ended = await groupEnded(daemon, group.id);

  expect(ended).toMatchObject({ status: 'succeeded', outcome: 'full' });
  // Whoever succeeded the first time is the same session; a member that was cut off is tried too.
  const succeededBefore = failed.members.filter(({ status }) => status === 'succeeded');
  for (const { member, sessionId } of succeededBefore) expect(ended.members[member - 1]?.sessionId).toBe(sessionId);
  for (const { member, attempt } of ended.members) {
    expect(attempt).toBe(succeededBefore.some((before) => before.member === member) ? 1 : 2);
  }
  const ran = await signals.lines('ran');
  expect(ran.filter((name) => name === 'b')).toHaveLength(2);
  expect(ran.filter((name) => name === 'a').length).toBe(ended.members[0]?.attempt);
  await expect(daemon.client.group.retry({ id: group.id })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
});

test('a cancel ends every process of every member, also what ignores TERM, left its session, or was left behind by an earlier step', async () => {
  await using setup = await setUpGroups({
    fields: { pre_steps: [shell('setsid sleep 600 < /dev/null > /dev/null 2>&1 & true')] },
  });
  const { daemon, signals } = setup;
  const group = await setup.start('a:stubborn b:hang c:ok d:hang');
  const pids = [...(await pidsIn(signals, 'hanging', 2)), ...(await pidsIn(signals, 'tree', 4))];
  const marks = group.members.map(({ sessionId }) => `COPPICE_SESSION_ID=${sessionId}\0`);
  expect(marks.flatMap(processesWith).length).toBeGreaterThan(pids.length);

  const asked = await daemon.client.group.cancel({ id: group.id, reason: 'enough' });
  expect(asked).toMatchObject({ status: 'running', reason: 'enough', cancelRequestedAt: expect.any(String) });
  const ended = await groupEnded(daemon, group.id);

  expect(pids.filter(isAlive)).toEqual([]);
  const cancelled = ended.members
    .filter(({ status }) => status === 'cancelled')
    .map(({ sessionId }) => `COPPICE_SESSION_ID=${sessionId}\0`);
  expect(cancelled).toHaveLength(3);
  expect(cancelled.flatMap(processesWith)).toEqual([]);
  expect(ended).toMatchObject({ status: 'cancelled', reason: 'enough' });
  expect(ended.outcome).toBeUndefined();
});

test('members wait in the queue like any session, visibly; a cancel lets none of them start in the place of another', async () => {
  await using setup = await setUpGroups({ config: '[sessions]\nmax_running = 1\n', fields: { concurrency: { group: 'gpu', limit: 1 } } });
  const { daemon, signals } = setup;
  const group = await setup.start('a:hang b:ok c:ok');
  await pidsIn(signals, 'hanging', 1);
  const { members } = await daemon.client.group.get({ id: group.id });
  expect(members.map(({ status, queuePosition, queueReason }) => [status, queuePosition, queueReason])).toEqual([
    ['running', undefined, undefined],
    ['queued', 1, 'pool'],
    ['queued', 2, 'pool'],
  ]);
  await daemon.client.group.cancel({ id: group.id });
  const ended = await groupEnded(daemon, group.id);
  expect(story(ended)).toEqual(['#1 cancelled', '#1 cancelled', '#1 cancelled']);
  expect(await signals.lines('ran')).toEqual(['a']);
});

test('at the deadline what runs is ended: too few is failed by timeout, enough is accepted', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const late = await setup.start('a:ok b:hang', { timeoutMs: 1_500 });
  const accepted = await setup.start('c:ok d:hang', { kind: 'quorum', required: 1, timeoutMs: 12_000 });
  const pids = await pidsIn(signals, 'hanging', 2);
  expect(await groupEnded(daemon, late.id)).toMatchObject({ status: 'failed', reason: 'timeout', outcome: 'failed' });
  expect(await groupEnded(daemon, accepted.id)).toMatchObject({ status: 'degraded', reason: 'timeout', outcome: 'degraded' });
  expect(pids.filter(isAlive)).toEqual([]);
});

test('all members start or none: what is wrong with one is said with its name, and nothing is left of the others', async () => {
  await using setup = await setUpGroups({
    commands: { broken: 'name: broken\nsteps: 7\n', needs: commandFile('needs', { arguments: ['x'], steps: [shell('true')] }) },
  });
  const { daemon, signals, project } = setup;
  const [member] = membersOf('a:ok');
  const start = (command: string) =>
    daemon.client.group.start({ project, members: [member as never, { command }], environment: daemon.home.env() });
  await expect(start('nothing')).rejects.toMatchObject({
    kind: 'NOT_FOUND',
    message: expect.stringContaining('Member 2 of 2 ("nothing")'),
  });
  await expect(start('broken')).rejects.toMatchObject({ kind: 'COMMAND_INVALID' });
  await expect(start('needs')).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  await expect(setup.start('a:ok b:ok', { kind: 'quorum', required: 3 })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  await expect(daemon.client.group.start({ project, members: [] })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });

  expect((await daemon.client.session.list({})).sessions).toEqual([]);
  expect((await daemon.client.group.list({})).groups).toEqual([]);
  expect(await daemon.events({ types: ['session.*', 'group.*'] })).toEqual([]);
  expect(readdirSync(`${daemon.home.stateDir}/env`)).toEqual([]);
  expect(signals.has('ran')).toBe(false);
});

test('the same call twice is one group', async () => {
  await using setup = await setUpGroups();
  const more = { idempotencyKey: 'once' };
  const [one, two] = await Promise.all([setup.start('a:ok', more), setup.start('a:ok', more)]);
  expect(two).toEqual(one);
  await groupEnded(setup.daemon, one.id);
  expect(await setup.signals.lines('ran')).toEqual(['a']);
});

test('a member stays as long as its group runs, and the record of a group goes with its last session', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const { client } = daemon;
  const group = await setup.start('a:ok b:gate', { kind: 'quorum', required: 1 });
  const [a, b] = group.members.map(({ sessionId }) => sessionId) as [string, string];
  await daemon.ended(a);
  await expect(client.session.remove({ id: a })).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'group_running' } });
  signals.open('b');
  await groupEnded(daemon, group.id);
  await client.session.remove({ id: a });
  expect(await client.group.get({ id: group.id })).toMatchObject({ members: [{ sessionId: a, status: 'succeeded' }, { sessionId: b }] });
  await client.session.remove({ id: b });
  await expect(client.group.get({ id: group.id })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  expect(existsSync(daemon.home.logPath) && daemon.home.log()).not.toMatch(/by a bug/);
});
