// What fails, is cancelled or takes too long ends wholly, tells why, and still tidies up.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, type Signals, shell, stubbornTree } from '../helpers/programs.ts';
import { createHome, type RealDaemon, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { stepStates } from '../helpers/session-results.ts';
import { startStory } from '../helpers/story.ts';
import { until } from '../helpers/until.ts';

const places = [
  { where: 'as a process', extra: {} },
  { where: 'in a terminal', extra: { session: {} } },
];

async function pidsOf(signals: Signals, count: number): Promise<number[]> {
  return until(`${count} pids`, async () => {
    const lines = await signals.lines('tree');
    return lines.length >= count && lines.map(Number);
  });
}

/** A command whose only step starts a tree of processes that is hard to end. */
async function runTree(daemon: RealDaemon, signals: Signals, path: string, more: Readonly<Record<string, unknown>>) {
  const { step = {}, ...fields } = more as { step?: Record<string, unknown> };
  const steps = [shell(stubbornTree(signals), step), shell(signals.tell('later'))];
  const ends = { cleanup_on_failure: [shell(signals.tell('cleaned'))], finally_steps: [shell(signals.tell('last'))] };
  daemon.home.writeCommand('tree', commandFile('tree', { ...fields, steps, ...ends }));
  const session = await until('the command to be known', () => daemon.start(path, 'tree'));
  return { session, pids: await pidsOf(signals, 4) };
}

for (const { where, extra } of places) {
  test(`exit code 7 of a step ${where} fails the session with the last lines; later steps are skipped, cleanup and finally run`, async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const signals = createSignals(home);
    await using daemon = await startRealDaemon({
      home,
      commands: {
        fail: commandFile('fail', {
          ...extra,
          worktree: { branch: 'fail' },
          steps: [shell('echo made > made.txt'), shell('echo the reason >&2; exit 7'), shell(signals.tell('order', 'later'))],
          post_steps: [shell(signals.tell('order', 'post'))],
          cleanup_on_failure: [
            shell(`${signals.tell('order', 'cleanup $(cat made.txt) $PWD')}; exit 3`),
            shell(signals.tell('order', 'cleanup two')),
          ],
          finally_steps: [shell(signals.tell('order', 'finally'))],
        }),
      },
    });

    const ran = await daemon.cli(['run', 'fail', '--json'], { cwd: repo.path });

    expect(ran.exitCode).toBe(1);
    const session = JSON.parse(ran.stdout) as SessionRecord;
    expect(session).toMatchObject({ status: 'failed', reason: 'exit', error: expect.stringContaining('the reason') });
    expect(ran.stderr).toContain('the reason');
    expect(stepStates(session)).toEqual([
      'main succeeded',
      'main failed exit',
      'main skipped not_reached',
      'post skipped not_reached',
      'cleanup failed exit',
      'cleanup succeeded',
      'finally succeeded',
    ]);
    expect(session.stepRuns.find(({ index }) => index === 2)).toMatchObject({ exitCode: 7, error: expect.stringContaining('the reason') });
    expect(await signals.lines('order')).toEqual([`cleanup made ${session.worktreePath}`, 'cleanup two', 'finally']);
    // Work is there, so the worktree stays.
    expect(existsSync(`${session.worktreePath}/made.txt`)).toBe(true);
  });

  test(`a step ${where} that is ended by a signal says which`, async () => {
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon({
      commands: { die: commandFile('die', { ...extra, steps: [shell('echo going; kill -USR1 $$; sleep 60')] }) },
    });

    const session = await daemon.ended((await daemon.start(repo.path, 'die')).id);

    expect(session).toMatchObject({ status: 'failed', reason: 'signal' });
    const step = session.stepRuns.find(({ phase }) => phase === 'main');
    expect(step).toMatchObject({ signal: 'SIGUSR1', error: expect.stringContaining('going') });
    expect(step?.exitCode).toBeUndefined();
  });

  test(`a timeout of a step ${where} ends its whole tree within the grace: what ignores TERM, what holds the pipe, what left the session`, async () => {
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon();
    const signals = createSignals(daemon.home);

    const { session, pids } = await runTree(daemon, signals, repo.path, { ...extra, step: { timeout: 1 } });
    const ended = await daemon.ended(session.id);

    expect(pids.filter(isAlive)).toEqual([]);
    const step = ended.stepRuns.find(({ index }) => index === 1);
    expect(Date.parse(step?.endedAt as string) - Date.parse(step?.startedAt as string)).toBeLessThan(7_000);
    expect(step).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(ended).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(stepStates(ended)).toEqual(['main failed timeout', 'main skipped not_reached', 'cleanup succeeded', 'finally succeeded']);
    expect(signals.has('later')).toBe(false);
    expect(await signals.lines('cleaned')).toEqual(['cleaned']);
    expect(await signals.lines('last')).toEqual(['last']);
  });

  test(`a cancel of a running step ${where} ends all its processes and still runs cleanup and finally`, async () => {
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon();
    const signals = createSignals(daemon.home);

    const { session, pids } = await runTree(daemon, signals, repo.path, extra);
    const cancelled = await daemon.cli(['cancel', session.slug]);
    const ended = await daemon.ended(session.id);

    expect(cancelled.exitCode).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(ended.status).toBe('cancelled');
    expect(stepStates(ended)).toEqual(['main cancelled cancelled', 'main skipped not_reached', 'cleanup succeeded', 'finally succeeded']);
    await expect(daemon.client.session.cancel({ id: session.id })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
  });
}

test('the budget of a session fires at its time though the daemon was killed and started in between', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const signals = createSignals(daemon.home);

  const { session, pids } = await runTree(daemon, signals, repo.path, { session: {}, timeout: 3 });
  await daemon.kill();
  await daemon.again();
  const ended = await daemon.ended(session.id);

  expect(pids.filter(isAlive)).toEqual([]);
  expect(ended).toMatchObject({ status: 'failed', reason: 'timeout' });
  expect(Date.parse(ended.endedAt as string) - Date.parse(ended.startedAt as string)).toBeGreaterThanOrEqual(3_000);
  expect(stepStates(ended)).toEqual(['main failed timeout', 'main skipped not_reached', 'cleanup succeeded', 'finally succeeded']);
});

test('a budget that ends while no daemon runs fires at the next start', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const signals = createSignals(daemon.home);

  const { session, pids } = await runTree(daemon, signals, repo.path, { timeout: 1 });
  const { deadline } = { deadline: Date.now() + 1_000 };
  await daemon.kill();
  await until('the budget to be over', () => Date.now() > deadline);
  await daemon.again();
  const ended = await daemon.ended(session.id);

  expect(pids.filter(isAlive)).toEqual([]);
  expect(ended).toMatchObject({ status: 'failed', reason: 'timeout' });
});

test('run answers a timeout with exit code 124 and says so', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { slow: commandFile('slow', { timeout: 1, steps: [shell('echo partial; exec sleep 60')] }) },
  });

  const ran = await daemon.cli(['run', 'slow'], { cwd: repo.path });

  expect(ran.exitCode).toBe(124);
  expect(ran.stderr).toContain('timeout');
  const [session] = (await daemon.client.session.list({})).sessions;
  const output = await daemon.client.session.readOutput({ id: session?.id as string });
  expect(output.data).toBe('partial\n');
});

test('a step with continue_on_error may fail, and the session goes on and succeeds', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { go: commandFile('go', { steps: [shell('exit 3', { continue_on_error: true }), shell('true')] }) },
  });

  const session = await daemon.ended((await daemon.start(repo.path, 'go')).id);

  expect(session.status).toBe('succeeded');
  expect(stepStates(session)).toEqual(['main failed exit', 'main succeeded']);
});

test('a cancel of a queued session ends it at once; nothing of it ever ran and nothing is left', async () => {
  await using story = await startStory((signals) => ({
    config: '[sessions]\nmax_running = 1\n',
    commands: {
      hold: commandFile('hold', { steps: [shell(`${signals.tell('hold')}; ${signals.waitFor('gate')}`)] }),
      wait: commandFile('wait', {
        worktree: { branch: 'wait' },
        steps: [shell(signals.tell('ran'))],
        finally_steps: [shell(signals.tell('ran'))],
      }),
    },
  }));
  const { repo, home, signals, daemon } = story;
  const hold = await daemon.start(repo.path, 'hold');
  await signals.lines('hold');
  const waiting = await daemon.start(repo.path, 'wait');

  await daemon.client.session.cancel({ id: waiting.id, reason: 'not needed' });
  const ended = await daemon.ended(waiting.id);

  expect(ended).toMatchObject({ status: 'cancelled', reason: 'not needed' });
  expect(new Set(ended.stepRuns.map(({ status }) => status))).toEqual(new Set(['skipped']));
  expect(existsSync(`${home.stateDir}/env/${waiting.id}`)).toBe(false);
  signals.open('gate');
  expect((await daemon.ended(hold.id)).status).toBe('succeeded');
  expect(signals.has('ran')).toBe(false);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
});

test('a cancel while the worktree is being made ends the session after it, with nothing left behind', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await repo.hook('post-checkout', `${signals.tell('hook')}\n${signals.waitFor('gate')}`);
  await using daemon = await startRealDaemon({
    home,
    commands: { make: commandFile('make', { worktree: { branch: 'made' }, steps: [shell(signals.tell('ran'))] }) },
  });
  const session = await daemon.start(repo.path, 'make');
  await signals.lines('hook');

  const answer = await daemon.client.session.cancel({ id: session.id });
  signals.open('gate');
  const ended = await daemon.ended(session.id);

  expect(answer.status).toBe('preparing');
  expect(ended.status).toBe('cancelled');
  expect(signals.has('ran')).toBe(false);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('made');
});

test('output without a newline, with bytes that are no text, is kept byte for byte', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { bytes: commandFile('bytes', { steps: [shell(String.raw`printf '\377\000\200no newline'`)] }) },
  });

  const session = await daemon.ended((await daemon.start(repo.path, 'bytes')).id);

  expect(session.status).toBe('succeeded');
  const output = await daemon.client.session.readOutput({ id: session.id, encoding: 'base64' });
  expect(Buffer.from(output.data, 'base64')).toEqual(Buffer.concat([Buffer.from([0xff, 0, 0x80]), Buffer.from('no newline')]));
});
