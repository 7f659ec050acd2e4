// The blocks `worktree` and `session` of a command, key by key.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

test('each window of the session block is open from the start: its command runs, or a shell', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const windows = [
    { name: 'watch {{ what }}', command: `${signals.tell('watch', '$PWD $PORT $COPPICE_SESSION_ID')}; exec sleep 300` },
    { name: 'plain' },
    { name: 'shell' },
  ];
  const session = {
    windows,
    environment: { PORT: '80{{ what }}' },
    name_template: 'dev.{{ what }}',
    working_directory: 'sub',
    keep: 'always',
  };
  await repo.commit('sub', { 'sub/x': 'x' });
  await using daemon = await startRealDaemon({
    home,
    commands: { dev: commandFile('dev', { arguments: ['what'], session, steps: [shell('true')] }) },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'dev', { arguments: { what: '80' } })).id);

  expect(ended).toMatchObject({ status: 'succeeded', terminalName: `dev-80-${ended.slug}` });
  expect(await signals.lines('watch')).toEqual([`${join(repo.path, 'sub')} 8080 ${ended.id}`]);
  const { windows: open } = await daemon.client.terminal.get({ terminal: ended.id });
  expect(open.map(({ name, dead }) => [name, dead])).toEqual([
    ['shell', false],
    ['watch 80', false],
    ['plain', false],
  ]);
  // They belong to the terminal: they live through a restart, and end with it without a trace.
  await daemon.kill();
  await daemon.again();
  const plain = open.find(({ name }) => name === 'plain');
  await daemon.client.terminal.send({ terminal: ended.id, windowId: plain?.windowId as string, text: signals.tell('plain', '$PWD') });
  expect(await signals.lines('plain')).toEqual([join(repo.path, 'sub')]);
  await daemon.client.terminal.kill({ terminal: ended.id });
  await until('everything of the session to be gone', () => home.processes().every(({ command }) => !/sleep 300|run-step/.test(command)));
  expect(readdirSync(join(home.stateDir, 'steps'))).toEqual([]);
});

test('a named place is relative to the worktrees of the project or absolute, and never in or around a checkout', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  const absolute = repo.beside('places');
  await using daemon = await startRealDaemon({
    commands: {
      place: commandFile('place', {
        arguments: ['at', 'name'],
        worktree: { branch: '{{ name }}', path: '{{ at }}', keep: 'always' },
        steps: [shell('true')],
      }),
    },
  });
  const run = (at: string, name: string) => daemon.start(repo.path, 'place', { arguments: { at, name } });

  const relative = await daemon.ended((await run('mine-{{ branch }}', 'one')).id).catch(() => undefined);
  // What a caller passes is data, never read as a template.
  expect(relative?.worktreePath).toBe(join(daemon.home.worktreesDir, 'repo', 'mine-{{ branch }}'));
  const named = await daemon.ended((await run(join(absolute, 'two'), 'two')).id);
  expect(named).toMatchObject({ status: 'succeeded', worktreePath: join(absolute, 'two') });
  expect(await repo.git('worktree', 'list', '--porcelain')).toContain(`worktree ${join(absolute, 'two')}\n`);

  const before = (await daemon.client.session.list({})).sessions.length;
  for (const at of ['../up', join(repo.path, 'inside'), repo.directory, '/']) {
    await expect(run(at, 'three'), at).rejects.toMatchObject({ kind: 'PRECONDITION', message: expect.stringContaining(at) });
  }
  expect((await daemon.client.session.list({})).sessions).toHaveLength(before);
  const nested = await daemon.ended((await run(join(absolute, 'two', 'deeper'), 'four')).id);
  expect(nested).toMatchObject({ status: 'failed', error: expect.stringContaining(join(absolute, 'two')) });
  mkdirSync(join(absolute, 'full'));
  writeFileSync(join(absolute, 'full', 'mine.txt'), 'mine');
  expect(await daemon.ended((await run(join(absolute, 'full'), 'five')).id)).toMatchObject({ status: 'failed' });
  expect(existsSync(join(absolute, 'full', 'mine.txt'))).toBe(true);
  expect(await daemon.client.worktree.remove({ worktree: 'two' })).toEqual({ branchDeleted: true });
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master\none');
});

test('a branch may be named by what only the session knows; the plan shows where', async () => {
  await using repo = await createTestRepo();
  const worktree = { branch: 'by/{{ user }}/{{ session_name }}', path: 'at-{{ branch }}', keep: 'always' };
  await repo.write('.coppice/commands/own.yaml', commandFile('own', { worktree, steps: [shell('true')] }));
  await using daemon = await startRealDaemon();

  const plan = await daemon.cli(['plan', 'own', '--json'], { cwd: repo.path });
  expect(JSON.parse(plan.stdout)).toMatchObject({ branch: 'by/…/own-…' });
  const ended = await daemon.ended(
    (await daemon.start(repo.path, 'own', { environment: { PATH: process.env.PATH as string, USER: 'ann' } })).id,
  );

  expect(ended).toMatchObject({ status: 'succeeded', branch: `by/ann/${ended.slug}` });
  expect(ended.worktreePath).toBe(join(daemon.home.worktreesDir, 'repo', `at-by/ann/${ended.slug}`));
});

test('sessions of one second that name no branch get one each', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ commands: { own: commandFile('own', { steps: ['create-worktree'] }) } });
  const started = await Promise.all(Array.from({ length: 6 }, () => daemon.start(repo.path, 'own')));

  const branches = [];
  for (const { id } of started) branches.push((await daemon.ended(id)).branch);

  expect(new Set(branches).size).toBe(6);
  for (const branch of branches) expect(branch).toMatch(/^pj-own-\d{8}-\d{6}(-\d)?$/);
});

test('a shell that cannot be run fails the session by name', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    config: '[sessions]\nshell = "/nowhere/sh"\n',
    commands: { open: commandFile('open', { session: {}, steps: [shell('true')] }) },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'open')).id);

  expect(ended).toMatchObject({ status: 'failed', reason: 'tool_missing', error: expect.stringContaining('/nowhere/sh') });
  expect((await daemon.client.terminal.list({ all: true })).terminals).toEqual([]);
});

test('each keep policy decides over worktree and terminal by how the session ended and what is in the worktree', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  const policies = ['always', 'on_success', 'on_failure', 'if_dirty', 'never'];
  const commands = policies.map((keep) => {
    const steps = [shell('[ "$COPPICE_ARG_HOW" != dirty ] || echo work > w.txt; [ "$COPPICE_ARG_HOW" != fail ]')];
    const worktree = { branch: `${keep}-{{ how }}`, keep };
    return [keep, commandFile(keep, { arguments: ['how'], worktree, session: { keep }, steps })];
  });
  await using daemon = await startRealDaemon({ commands: Object.fromEntries(commands) });
  const ended = async (keep: string, how: string) => {
    const { stepRuns } = await daemon.ended((await daemon.start(repo.path, keep, { arguments: { how } })).id);
    return stepRuns.slice(-2).map(({ reason = '' }) => reason.split(':')[0]);
  };

  const found: Record<string, unknown> = {};
  for (const keep of policies) for (const how of ['clean', 'fail', 'dirty']) found[`${keep} ${how}`] = await ended(keep, how);

  const [kept, gone] = [
    ['kept', 'kept'],
    ['ended', 'removed'],
  ];
  expect(found).toEqual({
    'always clean': kept,
    'always fail': kept,
    'always dirty': kept,
    'on_success clean': kept,
    'on_success fail': gone,
    'on_success dirty': kept,
    'on_failure clean': gone,
    'on_failure fail': kept,
    // Whatever a policy says, work is not lost.
    'on_failure dirty': ['ended', 'kept'],
    'if_dirty clean': gone,
    'if_dirty fail': gone,
    'if_dirty dirty': kept,
    'never clean': gone,
    'never fail': gone,
    'never dirty': gone,
  });
  const { removed } = await daemon.client.worktree.listRemoved({});
  expect(removed.find(({ branch }) => branch === 'never-dirty')).toMatchObject({ files: 1 });
});
