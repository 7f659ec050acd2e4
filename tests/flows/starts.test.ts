// Who may start, when, and what a wrong start leaves behind: nothing.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandFile, createSignals, pathWithout, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

test('with room for two of six sessions they run first come, first served, and each knows its place', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const action = `${signals.tell('running', '$COPPICE_ARG_N')}; while [ ! -e ${signals.path('gate-')}$COPPICE_ARG_N ]; do sleep 0.02; done`;
  await using daemon = await startRealDaemon({
    home,
    config: '[sessions]\nmax_running = 2\n',
    commands: { hold: commandFile('hold', { arguments: ['n'], steps: [shell(action)] }) },
  });
  const ids: string[] = [];
  for (const n of ['1', '2', '3', '4', '5', '6']) ids.push((await daemon.start(repo.path, 'hold', { arguments: { n } })).id);
  await until('two to run', async () => (await signals.lines('running')).length === 2);

  const placesNow = async (): Promise<(number | string | undefined)[]> =>
    Promise.all(
      ids.map(async (id) => {
        const { status, queuePosition } = await daemon.client.session.get({ id });
        return queuePosition ?? status;
      }),
    );
  expect(await placesNow()).toEqual(['running', 'running', 1, 2, 3, 4]);
  expect((await daemon.cli(['ps', '--json'])).exitCode).toBe(0);
  signals.open('gate-2');
  await daemon.ended(ids[1] as string);
  await until('the third to run', async () => (await signals.lines('running')).length === 3);
  expect(await placesNow()).toEqual(['running', 'succeeded', 'running', 1, 2, 3]);
  for (const n of [1, 3, 4, 5, 6]) signals.open(`gate-${n}`);
  for (const id of ids) expect((await daemon.ended(id)).status).toBe('succeeded');

  const events = await daemon.events({ types: ['session.started', 'session.finished'] });
  const started = events.filter(({ type }) => type === 'session.started').map(({ subject }) => subject.sessionId);
  expect(started).toEqual(ids);
  let running = 0;
  for (const { type } of events) {
    running += type === 'session.started' ? 1 : -1;
    expect(running).toBeLessThanOrEqual(2);
  }
});

test('a larger bound in the configuration file lets waiting sessions in at SIGHUP', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    config: '[sessions]\nmax_running = 1\n[hot_reload]\nenabled = false\n',
    commands: { hold: commandFile('hold', { steps: [shell(`${signals.tell('running')}; ${signals.waitFor('gate')}`)] }) },
  });
  const sessions = [await daemon.start(repo.path, 'hold'), await daemon.start(repo.path, 'hold'), await daemon.start(repo.path, 'hold')];
  await signals.lines('running');
  expect((await daemon.client.session.get({ id: sessions[1]?.id as string })).queuePosition).toBe(1);

  home.writeConfig('[sessions]\nmax_running = 3\n[daemon]\nlog_level = "debug"\n[hot_reload]\nenabled = false\n');
  process.kill(daemon.pid, 'SIGHUP');

  await until('all to run', async () => (await signals.lines('running')).length === 3);
  expect((await daemon.events({ types: ['config.reloaded'] })).map(({ data }) => data)).toMatchObject([
    { changedKeys: expect.arrayContaining(['sessions.max_running', 'daemon.log_level']), restartRequired: [] },
  ]);
  expect((await daemon.client.config.get({ key: 'daemon.log_level' })).value).toBe('debug');
  home.writeConfig('[sessions]\nmax_running = "many"\n');
  process.kill(daemon.pid, 'SIGHUP');
  await until('the refusal', async () => (await daemon.events({ types: ['config.reloadFailed'] })).length === 1);
  expect((await daemon.client.config.get({ key: 'sessions.max_running' })).value).toBe(3);
  signals.open('gate');
  for (const { id } of sessions) expect((await daemon.ended(id)).status).toBe('succeeded');
});

const typed = commandFile('typed', {
  arguments: [{ name: 'count', type: 'integer', required: true }, { name: 'mode', choices: ['fast', 'slow'], default: 'fast' }, 'feature'],
  worktree: { branch: '{{ feature }}' },
  steps: [shell('true')],
});

/** Everything a start could leave behind. */
async function traces(daemon: RealDaemon, repo: TestRepo): Promise<unknown> {
  const list = (dir: string): string[] => {
    try {
      return readdirSync(dir, { recursive: true }).map(String).sort();
    } catch {
      return [];
    }
  };
  const { stateDir, worktreesDir } = daemon.home;
  return {
    sessions: (await daemon.client.session.list({})).sessions,
    worktrees: (await daemon.client.worktree.list({})).worktrees,
    branches: await repo.git('branch', '--list'),
    registered: await repo.git('worktree', 'list'),
    events: (await daemon.events()).map(({ type }) => type).filter((type) => !/^(daemon|project)\./.test(type)),
    files: ['artifacts', 'steps', 'env'].map((folder) => list(`${stateDir}/${folder}`)),
    directories: list(worktreesDir),
  };
}

test('wrong starts are refused with a sentence that helps, and leave no row, file, worktree or branch', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { typed } });
  await repo.git('branch', 'taken');
  await daemon.client.project.add({ path: repo.path });
  const before = await traces(daemon, repo);
  const cases: { words: string[]; exitCode: number; says: string[] }[] = [
    { words: ['typd', 'count=1', 'feature=a'], exitCode: 4, says: ['typd', 'typed'] },
    { words: ['typed', 'feature=a'], exitCode: 2, says: ['count'] },
    { words: ['typed', 'count=many', 'feature=a'], exitCode: 2, says: ['count', 'many'] },
    { words: ['typed', 'count=1', 'feature=a', 'mode=medium'], exitCode: 2, says: ['mode', 'medium', 'fast'] },
    { words: ['typed', 'count=1', 'feature=a', 'featur=b'], exitCode: 2, says: ['featur', 'feature'] },
    { words: ['typed', 'count=1', 'feature=a..b'], exitCode: 2, says: ['a..b'] },
    { words: ['typed', 'count=1', 'feature=-x'], exitCode: 2, says: ['-x'] },
    { words: ['typed', 'count=1', 'feature=taken'], exitCode: 5, says: ['taken', 'exists already'] },
    { words: ['typed', 'count=1', 'feature=master'], exitCode: 5, says: ['master', 'exists already'] },
  ];

  for (const { words, exitCode, says } of cases) {
    const ran = await daemon.cli(['run', ...words], { cwd: repo.path });
    expect({ words, exitCode: ran.exitCode, stdout: ran.stdout, stderr: ran.stderr }).toMatchObject({ words, exitCode, stdout: '' });
    for (const text of says) expect(ran.stderr).toContain(text);
    expect(ran.stderr.trim().split('\n')[0]).toMatch(/^coppice: .*\.|\?$/);
  }

  expect(await traces(daemon, repo)).toEqual(before);
});

test('several wrong arguments are all told at once', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { typed } });

  const refused = await daemon.start(repo.path, 'typed', { arguments: { count: 'many', modus: 1 } }).catch((error: unknown) => error);

  expect(refused).toMatchObject({ kind: 'INVALID_PARAMS' });
  const told = JSON.stringify((refused as { details: unknown }).details);
  for (const name of ['count', 'feature', 'modus']) expect(told).toContain(name);
});

test('without tmux a command that needs a terminal is refused, and one that needs none runs', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const path = pathWithout(home.dir, 'tmux');
  await using daemon = await startRealDaemon({
    home,
    env: { PATH: path },
    commands: {
      plain: commandFile('plain', { steps: [shell('echo fine')] }),
      terminal: commandFile('terminal', { session: {}, steps: [shell('true')] }),
      tree: commandFile('tree', { worktree: { branch: 'tree' }, steps: [shell('true')] }),
    },
  });
  await daemon.client.project.add({ path: repo.path });
  const before = await traces(daemon, repo);

  for (const name of ['terminal', 'tree']) {
    const refused = await daemon.cli(['run', name], { cwd: repo.path });
    expect(refused.exitCode).toBe(11);
    expect(refused.stderr).toContain('tmux');
    await expect(daemon.start(repo.path, name)).rejects.toMatchObject({ kind: 'TOOL_MISSING', details: { tool: 'tmux' } });
  }

  expect(await traces(daemon, repo)).toEqual(before);
  expect(await daemon.cli(['run', 'plain'], { cwd: repo.path })).toMatchObject({ exitCode: 0 });
});

test('the same idempotency key starts one session, and with other parameters is a conflict', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { plain: commandFile('plain', { arguments: ['a'], steps: [shell('true')] }) } });
  const project = await daemon.client.project.add({ path: repo.path });
  const params = { project: project.id, command: 'plain', arguments: { a: '1' } };

  const both = await Promise.all([
    daemon.client.call('session.start', { ...params, idempotencyKey: 'k1' }),
    daemon.client.call('session.start', { ...params, idempotencyKey: 'k1' }),
  ]);
  await daemon.kill();
  await daemon.again();
  const third = await daemon.client.call('session.start', { ...params, idempotencyKey: 'k1' });
  const other = daemon.client.call('session.start', { ...params, arguments: { a: '2' }, idempotencyKey: 'k1' });

  await expect(other).rejects.toMatchObject({ kind: 'CONFLICT' });
  expect(both[1]).toEqual(both[0]);
  expect(third).toEqual(both[0]);
  expect((await daemon.client.session.list({})).sessions).toHaveLength(1);
});
