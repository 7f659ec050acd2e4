// The daemon dies in the middle of a group: the next one decides from what really happened, and nothing runs twice.
import { readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { groupEnded, pidsIn, setUpGroups, story } from '../helpers/groups.ts';
import { killAtEvents } from '../helpers/kill-at-event.ts';
import { isAlive } from '../helpers/processes.ts';
import { until } from '../helpers/until.ts';

// Whole daemons, and processes that take their grace: a busy machine needs its time.
vi.setConfig({ testTimeout: 120_000 });

test('a group whose failed member is tried again ends right after a kill -9 at each of its events, and every attempt ran once', {
  timeout: 400_000,
}, async () => {
  await using setup = await setUpGroups();
  const { daemon, signals, start } = setup;
  // Each is killed at every third event of the group and its sessions, so that three have a kill at each.
  const wanted: string[] = [];
  let kills = 0;
  for (let n = 1; n <= 3; n += 1) {
    const run = await killAtEvents(
      daemon,
      { first: n, every: 3 },
      {
        start: () => start(`good-${n}:ok bad-${n}:fail`, { kind: 'quorum', required: 1 }),
        counts: ({ type }) => /^(group|session)\./.test(type),
        isLast: ({ type }) => type === 'group.finished',
      },
    );
    kills += run.kills;
    const ended = await groupEnded(daemon, run.started.id);
    expect({ n, status: ended.status, outcome: ended.outcome, story: story(ended) }).toEqual({
      ...{ n, status: 'degraded', outcome: 'degraded' },
      story: ['#1 succeeded', '#1 failed > #2 failed'],
    });
    wanted.push(`bad-${n}`, `bad-${n}`, `good-${n}`);
  }
  expect(kills).toBeGreaterThan(12);
  expect((await signals.lines('ran')).toSorted()).toEqual(wanted.toSorted());
  const finished = await daemon.events({ types: ['group.finished'] });
  expect(finished.length).toBe(wanted.length / 3);
  expect((await daemon.events({ types: ['group.degraded'] })).length).toBe(finished.length);
  await until('the environments to be gone', () => readdirSync(`${daemon.home.stateDir}/env`).length === 0);
});

test('members that end while no daemon runs are counted by the next one', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const full = await setup.start('a:gate b:gate');
  const failed = await setup.start('c:gate d:hang');
  const [hanging] = await pidsIn(signals, 'hanging', 1);
  await until('all members to run', async () => (await signals.lines('ran')).length === 4);
  await daemon.kill();
  for (const name of ['a', 'b', 'c']) signals.open(name);
  process.kill(hanging as number, 'SIGKILL');
  await daemon.again();
  expect(await groupEnded(daemon, full.id)).toMatchObject({ status: 'succeeded', outcome: 'full', succeeded: 2 });
  const ended = await groupEnded(daemon, failed.id);
  expect(ended).toMatchObject({ status: 'failed', outcome: 'failed', succeeded: 1 });
  expect(ended.members[1]).toMatchObject({ status: 'failed', reason: 'signal' });
});

test('a winner that is known before the daemon dies ends the others after it, and wins', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const group = await setup.start('a:gate b:stubborn', { kind: 'first' });
  const pids = await pidsIn(signals, 'tree', 4);
  signals.open('a');
  // The others ignore SIGTERM, so they are still being ended when the daemon dies.
  await until('the group to be ended', async () => (await daemon.client.group.get({ id: group.id })).reason === 'won');
  await daemon.kill();
  await daemon.again();
  const ended = await groupEnded(daemon, group.id);
  expect(ended).toMatchObject({ status: 'succeeded', outcome: 'full' });
  expect(story(ended)).toEqual(['#1 succeeded', '#1 cancelled']);
  expect(pids.filter(isAlive)).toEqual([]);
});

test('a cancel holds though the daemon is killed right after it, for members that run and members that wait', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  daemon.home.writeConfig('[sessions]\nmax_running = 2\n');
  await daemon.client.config.reload();
  const group = await setup.start('a:stubborn b:hang c:ok d:ok');
  const pids = [...(await pidsIn(signals, 'tree', 4)), ...(await pidsIn(signals, 'hanging', 1))];
  await daemon.client.group.cancel({ id: group.id, reason: 'enough' });
  await daemon.kill();
  await daemon.again();
  const ended = await groupEnded(daemon, group.id);
  expect(ended).toMatchObject({ status: 'cancelled', reason: 'enough', succeeded: 0 });
  expect(story(ended)).toEqual(['#1 cancelled', '#1 cancelled', '#1 cancelled', '#1 cancelled']);
  expect(pids.filter(isAlive)).toEqual([]);
  expect((await signals.lines('ran')).toSorted()).toEqual(['a', 'b']);
});

test('a deadline that passes while no daemon runs ends the group at the next start', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const group = await setup.start('a:ok b:hang', { timeoutMs: 60_000 });
  const pids = await pidsIn(signals, 'hanging', 1);
  await until('the other member to end', async () => (await daemon.client.group.get({ id: group.id })).succeeded === 1);
  const short = await setup.start('c:hang', { timeoutMs: 1_000 });
  const deadline = Date.parse(short.deadlineAt as string);
  await daemon.kill();
  await until('the deadline to be over', () => Date.now() > deadline);
  expect(pids.every(isAlive)).toBe(true);
  await daemon.again();
  expect(await groupEnded(daemon, short.id)).toMatchObject({ status: 'failed', reason: 'timeout' });
  // That of the other is still to come.
  expect(await daemon.client.group.get({ id: group.id })).toMatchObject({ status: 'running' });
  await daemon.client.group.cancel({ id: group.id });
  await groupEnded(daemon, group.id);
  expect(pids.filter(isAlive)).toEqual([]);
});

test('an orderly restart in the middle of a group changes nothing', async () => {
  await using setup = await setUpGroups();
  const { daemon, signals } = setup;
  const group = await setup.start('a:gate b:second', { kind: 'quorum', required: 1 });
  await until(
    'the first attempt to have failed',
    async () => (await daemon.client.group.get({ id: group.id })).members[1]?.status === 'failed',
  );
  await daemon.restart();
  expect(await daemon.client.group.get({ id: group.id })).toMatchObject({ status: 'running' });
  signals.open('a');
  const ended = await groupEnded(daemon, group.id);
  expect(ended).toMatchObject({ status: 'succeeded', outcome: 'full' });
  expect(story(ended)).toEqual(['#1 succeeded', '#1 failed > #2 succeeded']);
});
