// The daemon dies in the middle of a group: the next one decides from what really happened, and nothing runs twice.
import { readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { ParamsOf } from '../../schemas/index.ts';
import { groupEnded, memberCommand, membersOf, pidsIn, story } from '../helpers/groups.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSignals, type Signals } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

// Whole daemons, and processes that take their grace: a busy machine needs its time.
vi.setConfig({ testTimeout: 120_000 });

interface Setup extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly signals: Signals;
  start(members: string, more?: Partial<ParamsOf<'group.start'>>): ReturnType<RealDaemon['client']['group']['start']>;
}

async function setUp(): Promise<Setup> {
  const repo = await createTestRepo();
  const home = createHome();
  const signals = createSignals(home);
  const daemon = await startRealDaemon({ home, commands: { member: memberCommand(signals) } });
  const project = (await daemon.client.project.add({ path: repo.path })).id;
  return {
    ...{ daemon, signals },
    start: (members, more = {}) => daemon.client.group.start({ project, members: membersOf(members), environment: home.env(), ...more }),
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

/** Starts the group and kills the daemon as soon as it tells the nth event of the group or its sessions. False when there are fewer. */
async function killAtEvent({ daemon, start }: Setup, n: number, members: string): Promise<{ id: string; killed: boolean }> {
  const after = (await daemon.client.daemon.status()).cursor;
  const group = await start(members, { kind: 'quorum', required: 1 });
  const leave = new AbortController();
  let seen = 0;
  for await (const event of daemon.client.events({ after, types: ['group.*', 'session.*'], signal: leave.signal })) {
    if (!('data' in event)) continue;
    seen += 1;
    if (event.type === 'group.finished' && seen < n) return { id: group.id, killed: false };
    if (seen < n) continue;
    process.kill(daemon.pid, 'SIGKILL');
    leave.abort();
    break;
  }
  await daemon.kill();
  await daemon.again();
  return { id: group.id, killed: true };
}

test('a group whose failed member is tried again ends right after a kill -9 at each of its events, and every attempt ran once', {
  timeout: 280_000,
}, async () => {
  await using setup = await setUp();
  const { daemon, signals } = setup;
  const wanted: string[] = [];
  for (let n = 1, killed = true; killed && n < 40; n += 1) {
    const run = await killAtEvent(setup, n, `good-${n}:ok bad-${n}:fail`);
    const ended = await groupEnded(daemon, run.id);
    expect({ n, status: ended.status, outcome: ended.outcome, story: story(ended) }).toEqual({
      ...{ n, status: 'degraded', outcome: 'degraded' },
      story: ['#1 succeeded', '#1 failed > #2 failed'],
    });
    wanted.push(`bad-${n}`, `bad-${n}`, `good-${n}`);
    killed = run.killed;
  }
  expect(wanted.length).toBeGreaterThan(3 * 12);
  expect((await signals.lines('ran')).toSorted()).toEqual(wanted.toSorted());
  const finished = await daemon.events({ types: ['group.finished'] });
  expect(finished.length).toBe(wanted.length / 3);
  expect((await daemon.events({ types: ['group.degraded'] })).length).toBe(finished.length);
  await until('the environments to be gone', () => readdirSync(`${daemon.home.stateDir}/env`).length === 0);
});

test('members that end while no daemon runs are counted by the next one', async () => {
  await using setup = await setUp();
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
  await using setup = await setUp();
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
  await using setup = await setUp();
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
  await using setup = await setUp();
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
  await using setup = await setUp();
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
