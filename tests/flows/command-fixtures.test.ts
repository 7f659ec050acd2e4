// The command files that the other tests only read, run as a user would.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../helpers/package-root.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';

const fixture = (name: string) => readFile(join(packageRoot, 'tests', 'fixtures', 'commands', `${name}.yaml`), 'utf8');

/** What a command could have made. */
async function resources(daemon: RealDaemon, repo: TestRepo) {
  return {
    worktrees: await repo.git('worktree', 'list'),
    branches: await repo.git('branch', '--list'),
    rows: (await daemon.client.worktree.list({})).worktrees.length,
    terminals: (await daemon.client.terminal.list({ all: true })).terminals.length,
  };
}

test('an argument that looks like shell arrives verbatim and makes no file; defaults and the environment are right', async () => {
  await using repo = await createTestRepo();
  const hostile = 'Hello; touch pwned $(id)';
  await repo.write(
    '.coppice/commands/say.yaml',
    [
      'name: say',
      'arguments: [message, {name: times, type: integer, default: 3}]',
      'environment: {SAID: "{{ message }} x{{ times }}", BY: "{{ user | default(\'nobody\') }}"}',
      'steps:',
      '  - printf "%s|" "$COPPICE_ARG_MESSAGE" "$COPPICE_ARG_TIMES" "$SAID" "$BY"',
    ].join('\n'),
  );
  await using daemon = await startRealDaemon({ env: { USER: undefined } });
  const before = await repo.fingerprint();

  const ran = await daemon.cli(['run', 'say', `message=${hostile}`, '--json'], { cwd: repo.path, env: { USER: 'ann' } });

  const session = JSON.parse(ran.stdout) as SessionRecord;
  expect(session).toMatchObject({ status: 'succeeded', arguments: { message: hostile, times: 3 } });
  expect((await daemon.client.session.readOutput({ id: session.id })).data).toBe(`${hostile}|3|${hostile} x3|ann|`);
  expect(await repo.fingerprint()).toBe(before);
  for (const words of [[], ['message=x', 'times=often'], ['mesage=x'], ['message=x', 'message=y']]) {
    const refused = await daemon.cli(['run', 'say', ...words], { cwd: repo.path });
    expect(refused, words.join(' ')).toMatchObject({ exitCode: 2, stdout: '' });
  }
  expect((await daemon.client.session.list({})).sessions).toHaveLength(1);
  // Who started it is known also where the environment does not tell.
  const bare = await daemon.ended(
    (await daemon.start(repo.path, 'say', { arguments: { message: 'x' }, environment: { PATH: '/usr/bin:/bin' } })).id,
  );
  expect((await daemon.client.session.readOutput({ id: bare.id })).data).toMatch(/\|x x3\|(?!nobody)\S+\|$/);
});

test('worktree-list is standard whatever it is called: nothing is made before, during and after, also from inside a worktree', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const text = await fixture('worktree-list');
  await repo.commit('commands', {
    '.coppice/commands/worktree-list.yaml': `${text}  - ${signals.tell('runs')}; ${signals.waitFor('gate')}\n`,
  });
  await using daemon = await startRealDaemon({ home });
  await repo.git('worktree', 'add', '--quiet', '-b', 'other', repo.beside('other'));
  const none = await resources(daemon, repo);
  const { commands } = await daemon.client.command.list({ project: (await daemon.client.project.add({ path: repo.path })).id });
  expect(commands.find(({ name }) => name === 'worktree-list')).toMatchObject({ kind: 'standard', valid: true });
  expect((await daemon.cli(['commands'], { cwd: repo.path })).stdout).toMatch(/^worktree-list\tstandard\tnothing asks for/m);

  for (const cwd of [repo.path, repo.beside('other')]) {
    const running = daemon.cli(['run', 'worktree-list', '--json'], { cwd });
    await signals.lines('runs');
    expect(await resources(daemon, repo)).toEqual(none);
    signals.open('gate');
    const ran = await running;
    expect(ran, cwd).toMatchObject({ exitCode: 0, stderr: '' });
    const session = JSON.parse(ran.stdout) as SessionRecord;
    expect(session).toMatchObject({ kind: 'standard', projectPath: repo.path });
    expect(session.stepRuns.map(({ phase }) => phase)).toEqual(['main', 'main']);
    expect((await daemon.client.session.readOutput({ id: session.id, step: 1 })).data).toContain(repo.beside('other'));
    expect(await resources(daemon, repo)).toEqual(none);
  }
});

test('feature-branch twice with one name: a clear error and nothing leaked, or reuse when asked; .env comes along and both resources stay', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  const text = await fixture('feature-branch');
  await repo.commit('commands', { '.prj/commands/feature-branch.yaml': text, '.gitignore': '.env\n' });
  await repo.write(
    '.coppice/commands/again.yaml',
    text
      .replace('name: feature-branch', 'name: again')
      .replace(/ made'\}/, " made || true'}")
      .replace('worktree:', 'worktree:\n  existing: reuse'),
  );
  writeFileSync(join(repo.path, '.env'), 'KEY=1\n', { mode: 0o600 });
  await using daemon = await startRealDaemon();
  const run = (command: string) => daemon.cli(['run', command, 'feature_name=auth', '--json'], { cwd: repo.path });

  const first = JSON.parse((await run('feature-branch')).stdout) as SessionRecord;
  expect(first).toMatchObject({ status: 'succeeded', branch: 'feature/auth' });
  const env = join(first.worktreePath as string, '.env');
  expect([readFileSync(env, 'utf8'), statSync(env).mode & 0o777]).toEqual(['KEY=1\n', 0o600]);
  expect(await repo.gitIn(first.worktreePath as string, 'status', '--porcelain')).toBe('');
  const release = first.stepRuns.filter(({ name }) => name.startsWith('release')).map(({ name, reason }) => `${name}: ${reason}`);
  expect(release).toEqual(['release terminal: kept: always', 'release worktree: kept: always']);

  const before = { ...(await resources(daemon, repo)), sessions: (await daemon.client.session.list({})).sessions.length };
  const second = await run('feature-branch');
  expect(second).toMatchObject({ exitCode: 5, stdout: '', stderr: expect.stringContaining(first.worktreePath as string) });
  expect({ ...(await resources(daemon, repo)), sessions: (await daemon.client.session.list({})).sessions.length }).toEqual(before);

  const reused = JSON.parse((await run('again')).stdout) as SessionRecord;
  expect(reused).toMatchObject({ status: 'succeeded', worktreePath: first.worktreePath });
  expect(await resources(daemon, repo)).toEqual({ ...before, sessions: undefined, terminals: before.terminals + 1 });
});

test('files of .prj/actions run unchanged too, .yml and all, and an own command of the name wins', async () => {
  await using repo = await createTestRepo();
  const say = (name: string, word: string) =>
    `name: ${name}\ndescription: says\narguments:\n  - name: who\n    required: true\nsteps:\n  - name: say\n    type: shell\n    action: echo ${word} "$PRUNEJUICE_ARG_WHO" "$PRUNEJUICE_ACTION_NAME"\n`;
  await repo.write('.prj/actions/greet.yml', say('greet', 'action'));
  await repo.write('.prj/actions/both.yaml', say('both', 'action'));
  await repo.write('.coppice/commands/both.yaml', say('both', 'own'));
  await using daemon = await startRealDaemon();
  const outputOf = async (name: string) => {
    const ran = await daemon.cli(['run', name, 'who=you', '--json'], { cwd: repo.path });
    return (await daemon.client.session.readOutput({ id: (JSON.parse(ran.stdout) as SessionRecord).id })).data;
  };

  expect(await outputOf('greet')).toBe('action you greet\n');
  expect(await outputOf('both')).toBe('own  \n');
  const listed = await daemon.cli(['commands'], { cwd: repo.path });
  expect(listed.stderr).toBe(
    `${join(repo.path, '.prj/actions/both.yaml')}: hidden by ${join(repo.path, '.coppice/commands/both.yaml')} (both)\n`,
  );
});

test('an edit counts for the next session; the one that runs keeps its command, also through a restart', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = (word: string) => [shell(`${signals.tell('begun')}; ${signals.waitFor('gate')}`), shell(signals.tell('said', word))];
  await repo.write('.coppice/commands/edit.yaml', commandFile('edit', { steps: steps('old') }));
  await using daemon = await startRealDaemon({ home });
  const first = await daemon.start(repo.path, 'edit');
  await signals.lines('begun');

  await repo.write('.coppice/commands/edit.yaml', commandFile('edit', { steps: steps('new') }));
  await daemon.kill();
  await daemon.again();
  signals.open('gate');
  await daemon.ended(first.id);
  await daemon.ended((await daemon.start(repo.path, 'edit')).id);

  expect(await signals.lines('said')).toEqual(['old', 'new']);
});
