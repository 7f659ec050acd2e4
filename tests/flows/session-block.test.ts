// The blocks `worktree` and `session` of a command, key by key.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

test('each window of the session block is open from the start: its command runs, or a shell', async () => {
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

test('a named place is relative to the worktrees of the project or absolute, and never in or around a checkout', async () => {
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
