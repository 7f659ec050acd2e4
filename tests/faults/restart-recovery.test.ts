// The daemon dies with kill -9 at bad moments; the next one finds out what is true.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive, processesWith } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

/** Each event once: numbers without gap or repetition from the cursor on. */
async function expectEachEventOnce(daemon: RealDaemon, after: string): Promise<void> {
  const from = Number(after.split(':')[1]);
  const pulled = await daemon.events({ after });
  expect(pulled.map(({ seq }) => seq)).toEqual(pulled.map((_, index) => from + index + 1));
  const printed = await daemon.cli(['events', '--after', after, '--json']);
  expect(printed).toMatchObject({ exitCode: 0, stderr: '' });
  const lines = printed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number });
  expect(lines.map(({ seq }) => seq)).toEqual(pulled.map(({ seq }) => seq));
  const ends = pulled.filter(({ type }) => type === 'step.finished').map(({ data }) => (data as { stepRunId: string }).stepRunId);
  expect(new Set(ends).size).toBe(ends.length);
}

function mainStep(session: SessionRecord) {
  const step = session.stepRuns.find(({ phase }) => phase === 'main');
  if (!step) throw new Error('the session has no main step');
  return step;
}

const places = [
  { where: 'in a terminal', extra: { session: {} } },
  { where: 'as a process', extra: {} },
];

for (const { where, extra } of places) {
  for (const code of [0, 7]) {
    test(`a step ${where} that ends with ${code} after a kill -9 of the daemon is adopted, once, with its exit code`, async () => {
      await using repo = await createTestRepo();
      await using home = createHome();
      const signals = createSignals(home);
      const action = `${signals.tell('ran', 'start $$')}; echo before; ${signals.waitFor('gate')}; echo after; ${signals.tell('ran', 'end')}; exit ${code}`;
      const later = shell(signals.tell('later'));
      await using daemon = await startRealDaemon({
        home,
        commands: { slow: commandFile('slow', { ...extra, steps: [shell(action), later], finally_steps: [shell(signals.tell('last'))] }) },
      });
      const after = daemon.client.hello.cursor;
      const session = await daemon.start(repo.path, 'slow');
      const [started] = await signals.lines('ran');
      const stepPid = Number(started?.split(' ')[1]);

      await daemon.kill();
      expect(isAlive(stepPid)).toBe(true);
      await daemon.again();
      expect((await daemon.client.session.get({ id: session.id })).status).toBe('running');
      expect(isAlive(stepPid)).toBe(true);
      signals.open('gate');
      const ended = await daemon.ended(session.id);

      expect(mainStep(ended)).toMatchObject({ status: code === 0 ? 'succeeded' : 'failed', exitCode: code, attempt: 1 });
      expect(ended.status).toBe(code === 0 ? 'succeeded' : 'failed');
      expect((await signals.lines('ran')).map((line) => line.split(' ')[0])).toEqual(['start', 'end']);
      expect(signals.has('later')).toBe(code === 0);
      expect(await signals.lines('last')).toEqual(['last']);
      const output = await daemon.client.session.readOutput({ id: session.id, step: 1 });
      expect(output.data.replaceAll('\r', '')).toBe('before\nafter\n');
      await expectEachEventOnce(daemon, after);
      expect(readdirSync(`${home.stateDir}/steps`)).toEqual([]);
      expect(readdirSync(`${home.stateDir}/env`)).toEqual([]);
    });
  }

  test(`a step ${where} that ends while no daemon runs is told with its exit code and last lines`, async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const signals = createSignals(home);
    const action = `${signals.tell('ran', 'start $$')}; ${signals.waitFor('gate')}; echo the reason; exit 7`;
    await using daemon = await startRealDaemon({ home, commands: { slow: commandFile('slow', { ...extra, steps: [shell(action)] }) } });
    const after = daemon.client.hello.cursor;
    const session = await daemon.start(repo.path, 'slow');
    const stepPid = Number((await signals.lines('ran'))[0]?.split(' ')[1]);

    await daemon.kill();
    signals.open('gate');
    await until('the step to be gone', () => !isAlive(stepPid));
    await daemon.again();
    const ended = await daemon.ended(session.id);

    expect(ended).toMatchObject({ status: 'failed', reason: 'exit' });
    expect(mainStep(ended)).toMatchObject({ exitCode: 7, error: expect.stringContaining('the reason') });
    expect(await signals.lines('ran')).toHaveLength(1);
    await expectEachEventOnce(daemon, after);
  });
}

test('a process step that died together with its wrapper while no daemon ran is lost, and the session says so', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('ran', '$$ $PPID')}; ${signals.waitFor('never')}`), shell(signals.tell('later'))];
  await using daemon = await startRealDaemon({
    home,
    commands: { slow: commandFile('slow', { steps, cleanup_on_failure: [shell(signals.tell('cleaned'))] }) },
  });
  const session = await daemon.start(repo.path, 'slow');
  const [pid, parent] = ((await signals.lines('ran'))[0] as string).split(' ').map(Number);

  await daemon.kill();
  for (const each of [parent, pid]) process.kill(each as number, 'SIGKILL');
  await daemon.again();
  const ended = await daemon.ended(session.id);

  expect(ended.status).toBe('lost');
  expect(mainStep(ended)).toMatchObject({ status: 'lost', reason: 'lost' });
  expect(signals.has('later')).toBe(false);
  expect(await signals.lines('cleaned')).toEqual(['cleaned']);
});

test('a kill -9 while git makes the worktree leaves one right worktree after the next start', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await repo.hook('post-checkout', `${signals.tell('hook', '$$')}\n${signals.waitFor('gate')}`);
  const step = shell(`${signals.tell('ran')}; git commit --allow-empty -qm made`);
  await using daemon = await startRealDaemon({
    home,
    commands: { make: commandFile('make', { worktree: { branch: 'made', keep: 'always' }, steps: [step] }) },
  });
  const after = daemon.client.hello.cursor;
  const session = await daemon.start(repo.path, 'make');
  await signals.lines('hook');

  await daemon.kill();
  const again = daemon.again();
  // The git of the dead daemon waits in its hook still.
  signals.open('gate');
  await again;
  const ended = await daemon.ended(session.id);

  expect(ended.error).toBeUndefined();
  expect(ended.status).toBe('succeeded');
  expect((await repo.git('worktree', 'list', '--porcelain')).match(/^branch .*$/gm)).toEqual([
    'branch refs/heads/master',
    'branch refs/heads/made',
  ]);
  const { worktrees, orphans } = await daemon.client.worktree.list({ project: repo.path });
  expect(worktrees.map(({ path, branch, status }) => [path, branch, status])).toEqual([[ended.worktreePath, 'made', 'present']]);
  expect(orphans).toEqual([]);
  expect(await repo.gitIn(ended.worktreePath as string, 'status', '--porcelain')).toBe('');
  expect(await repo.git('log', '--format=%s', 'master..made')).toBe('made');
  expect(await signals.lines('ran')).toEqual(['ran']);
  expect(readdirSync(`${home.worktreesDir}/repo`)).toHaveLength(1);
  await expectEachEventOnce(daemon, after);
});

test('a kill -9 after git failed half-way leaves no worktree and no branch', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await repo.hook('post-checkout', `${signals.tell('hook', '$$')}\n${signals.waitFor('gate')}`);
  await using daemon = await startRealDaemon({
    home,
    commands: { make: commandFile('make', { worktree: { branch: 'made' }, steps: [shell(signals.tell('ran'))] }) },
  });
  const session = await daemon.start(repo.path, 'make');
  await signals.lines('hook');

  await daemon.kill();
  for (const { pid } of processesWith(home.worktreesDir)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await until('git to be gone', () => processesWith(home.worktreesDir).length === 0);
  signals.open('gate');
  await daemon.again();
  const ended = await daemon.ended(session.id);

  expect(ended.status).toBe('succeeded');
  expect(await signals.lines('ran')).toEqual(['ran']);
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('made');
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  expect(readdirSync(`${home.worktreesDir}/repo`)).toEqual([]);
});

test('a queued session waits through a restart and then runs', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    config: '[sessions]\nmax_running = 1\n',
    commands: {
      first: commandFile('first', { steps: [shell(`${signals.tell('first')}; ${signals.waitFor('gate')}`)] }),
      second: commandFile('second', { steps: [shell(signals.tell('second'))] }),
    },
  });
  const first = await daemon.start(repo.path, 'first');
  await signals.lines('first');
  const second = await daemon.start(repo.path, 'second');

  await daemon.kill();
  await daemon.again();
  expect(await daemon.client.session.get({ id: second.id })).toMatchObject({ status: 'queued', queuePosition: 1 });
  signals.open('gate');

  expect((await daemon.ended(second.id)).status).toBe('succeeded');
  expect((await daemon.ended(first.id)).status).toBe('succeeded');
  expect([await signals.lines('first'), await signals.lines('second')]).toEqual([['first'], ['second']]);
});

test('an orderly restart in the middle of a step is no different from a kill', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('ran')}; ${signals.waitFor('gate')}; exit 7`)];
  await using daemon = await startRealDaemon({ home, commands: { slow: commandFile('slow', { session: {}, steps }) } });
  const after = daemon.client.hello.cursor;
  const session = await daemon.start(repo.path, 'slow');
  await signals.lines('ran');

  const stopped = await daemon.stop();
  await daemon.again();
  signals.open('gate');
  const ended = await daemon.ended(session.id);

  expect(stopped).toMatchObject({ exitCode: 0 });
  expect(mainStep(ended)).toMatchObject({ status: 'failed', exitCode: 7 });
  expect(await signals.lines('ran')).toEqual(['ran']);
  await expectEachEventOnce(daemon, after);
});
