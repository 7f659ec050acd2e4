// The daemon is killed at every event of a session, one after the other: whatever it was about to do, the next daemon ends it right.
import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { killAtEvents } from '../helpers/kill-at-event.ts';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell, stubbornTree } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

/** Each is killed at every third of its events, so that three have a kill at each. */
const every = 3;

async function killSession(daemon: RealDaemon, repo: TestRepo, command: string, first: number): Promise<{ id: string; kills: number }> {
  const { started, kills } = await killAtEvents(
    daemon,
    { first, every },
    {
      start: () => daemon.start(repo.path, command, { arguments: { n: String(first) } }),
      counts: ({ subject }, session) => subject.sessionId === session.id,
      isLast: ({ type }) => type === 'session.finished',
    },
  );
  return { id: started.id, kills };
}

async function expectNothingLeftOver(daemon: RealDaemon, repo: TestRepo): Promise<void> {
  const { home } = daemon;
  const { worktrees, orphans } = await daemon.client.worktree.list({ project: repo.path, limit: 200 });
  expect(orphans).toEqual([]);
  const branches = (await repo.git('worktree', 'list', '--porcelain')).match(/^branch .*$/gm) ?? [];
  expect(branches.length - 1).toBe(worktrees.filter(({ status }) => status !== 'removed').length);
  await until('files of worktrees to be gone', () => {
    const found = existsSync(`${home.worktreesDir}/repo`) ? readdirSync(`${home.worktreesDir}/repo`) : [];
    return found.length === branches.length - 1;
  });
  const events = await daemon.events();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(readdirSync(`${home.stateDir}/env`)).toEqual([]);
  const { terminals } = await daemon.client.terminal.list({ limit: 200 });
  const sessions = (await daemon.tmux('list-sessions', '-F', '#{session_name}')).split('\n').filter((name) => name !== 'coppice-hub');
  expect(sessions.sort()).toEqual(terminals.map(({ name }) => name).sort());
}

test('a session that leaves a commit is right after a kill -9 at each of its events, and ran once', { timeout: 450_000 }, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const action = `echo $COPPICE_ARG_N >> ${signals.path('ran')}; git commit --allow-empty -qm "made $COPPICE_ARG_N"`;
  await using daemon = await startRealDaemon({
    home,
    commands: {
      make: commandFile('make', {
        arguments: ['n'],
        worktree: { branch: 'made-{{ n }}' },
        pre_steps: ['setup-environment'],
        steps: [shell(action), shell('true', { run_in: 'process' })],
        post_steps: ['store-artifacts'],
        finally_steps: [shell(`echo $COPPICE_ARG_N >> ${signals.path('last')}`)],
      }),
    },
  });
  let kills = 0;
  for (let n = 1; n <= every; n += 1) {
    const run = await killSession(daemon, repo, 'make', n);
    kills += run.kills;
    const ended = await daemon.ended(run.id);
    expect({ n, status: ended.status, error: ended.error }).toEqual({ n, status: 'succeeded', error: undefined });
    expect(await repo.git('log', '--format=%s', `master..made-${n}`)).toBe(`made ${n}`);
    expect(ended.stepRuns.map(({ status }) => status)).toEqual(ended.stepRuns.map(() => 'succeeded'));
  }
  expect(kills).toBeGreaterThan(30);
  expect(await signals.lines('ran')).toEqual(['1', '2', '3']);
  expect(await signals.lines('last')).toEqual(['1', '2', '3']);
  await expectNothingLeftOver(daemon, repo);
  await until('the files of steps to be gone', () => readdirSync(`${home.stateDir}/steps`).length === 0);
});

test('a session that leaves nothing is gone without a trace after a kill -9 at any event', { timeout: 450_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: { look: commandFile('look', { arguments: ['n'], worktree: { branch: 'look-{{ n }}' }, steps: [shell('git log -1')] }) },
  });
  let kills = 0;
  for (let n = 1; n <= every; n += 1) {
    const run = await killSession(daemon, repo, 'look', n);
    kills += run.kills;
    const ended = await daemon.ended(run.id);
    expect({ n, status: ended.status, error: ended.error }).toEqual({ n, status: 'succeeded', error: undefined });
    const released = ended.stepRuns.at(-1);
    expect({ n, name: released?.name, reason: released?.reason }).toEqual({ n, name: 'release worktree', reason: 'removed: untouched' });
    expect({ n, branches: await repo.git('branch', '--format=%(refname:short)') }).toEqual({ n, branches: 'master' });
  }
  expect(kills).toBeGreaterThan(12);
  await expectNothingLeftOver(daemon, repo);
});

for (const extra of [{}, { session: {} }]) {
  test(`a cancel holds though the daemon is killed right after it ${'session' in extra ? '(terminal)' : '(process)'}`, async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const signals = createSignals(home);
    const steps = [shell(stubbornTree(signals)), shell(signals.tell('later'))];
    await using daemon = await startRealDaemon({
      home,
      commands: { tree: commandFile('tree', { ...extra, steps, cleanup_on_failure: [shell(signals.tell('cleaned'))] }) },
    });
    const session = await daemon.start(repo.path, 'tree');
    const pids = await until('4 pids', async () => {
      const lines = await signals.lines('tree');
      return lines.length === 4 && lines.map(Number);
    });

    await daemon.client.session.cancel({ id: session.id, reason: 'enough' });
    await daemon.kill();
    await daemon.again();
    const ended = await daemon.ended(session.id);

    expect(ended).toMatchObject({ status: 'cancelled', reason: 'enough' });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(signals.has('later')).toBe(false);
    expect(await signals.lines('cleaned')).toEqual(['cleaned']);
  });
}
