// What a session gets beyond its checkout: files of the main checkout, hooks, leases, and what it leaves as artifacts.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../client/index.ts';
import type { ResultOf } from '../../schemas/index.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';

async function createWorktree(daemon: RealDaemon, path: string, branch: string): Promise<ResultOf<'worktree.create'>> {
  const project = await daemon.client.project.add({ path });
  return daemon.client.worktree.create({ project: project.id, branch });
}

const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const statusOf = (repo: TestRepo, path: string): Promise<string> => repo.gitIn(path, 'status', '--porcelain');

test('a secret file comes with its mode, nested patterns decide, and git status is clean on both sides', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  await repo.commit('ignore', {
    '.gitignore': '.env\n*.local\nnode_modules/\nsecrets/\n',
    '.worktreeinclude': '*.local\n/secrets/keys/\nnotes.txt\n',
    'apps/web/.worktreeinclude': '!skip.local\n',
    'apps/web/index.js': '1',
  });
  await repo.write('.env', 'TOKEN=1\n');
  execFileSync('chmod', ['600', join(repo.path, '.env')]);
  await repo.write('top.local', 'x');
  await repo.write('apps/web/take.local', 'x');
  await repo.write('apps/web/skip.local', 'x');
  await repo.write('secrets/keys/a.pem', 'x');
  await repo.write('secrets/other', 'x');
  await repo.write('node_modules/dep/.env', 'x');
  // Included, but not ignored: only what git ignores counts.
  await repo.write('notes.txt', 'x');
  // By default, and untracked although nothing ignores it.
  await repo.write('.vscode/settings.json', '{}');
  const before = await repo.fingerprint();

  const { path } = await createWorktree(daemon, repo.path, 'work');

  expect(readFileSync(join(path, '.env'), 'utf8')).toBe('TOKEN=1\n');
  expect(modeOf(join(path, '.env'))).toBe(0o600);
  for (const file of ['top.local', 'apps/web/take.local', 'secrets/keys/a.pem', '.vscode/settings.json']) {
    expect(existsSync(join(path, file)), file).toBe(true);
  }
  for (const file of ['apps/web/skip.local', 'secrets/other', 'node_modules', 'notes.txt']) {
    expect(existsSync(join(path, file)), file).toBe(false);
  }
  expect(await statusOf(repo, path)).toBe('');
  // The list that hides a file is the worktree's own: the user's status shows what it showed.
  expect(await repo.fingerprint()).toBe(before);
  expect(before).toContain('? .vscode/');
  expect(await daemon.client.worktree.remove({ worktree: 'work' })).toMatchObject({ branchDeleted: true });
});

test("the user's own list of ignored files still holds in a worktree with a list of its own", async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const excludes = home.path('ignored-by-user');
  writeFileSync(excludes, '*.swp');
  await repo.git('config', 'core.excludesFile', excludes);
  await repo.write('.env', 'x');
  await using daemon = await startRealDaemon({ home });

  const { path } = await createWorktree(daemon, repo.path, 'work');
  writeFileSync(join(path, 'a.swp'), '');

  expect(existsSync(join(path, '.env'))).toBe(true);
  expect(await statusOf(repo, path)).toBe('');
  writeFileSync(join(path, 'real.txt'), '');
  expect(await statusOf(repo, path)).toBe('?? real.txt');
});

test('the configured list links, needs and refuses', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await repo.commit('ignore', { '.gitignore': 'node_modules/\nlink-out\nlink-in\nreal.txt\n' });
  await repo.write('node_modules/dep/index.js', '1');
  await repo.write('real.txt', 'inside');
  writeFileSync(repo.beside('outside.txt'), 'secret');
  symlinkSync(repo.beside('outside.txt'), join(repo.path, 'link-out'));
  symlinkSync('real.txt', join(repo.path, 'link-in'));
  home.writeConfig(`[worktrees]
copy = [{ pattern = "node_modules/", mode = "symlink" }, { pattern = "link-*" }, { pattern = "real.txt" }, { pattern = "readme.txt", required = true }]
`);
  await using daemon = await startRealDaemon({ home });

  const { path } = await createWorktree(daemon, repo.path, 'work');
  expect(readlinkSync(join(path, 'node_modules'))).toBe(join(repo.path, 'node_modules'));
  expect(readlinkSync(join(path, 'link-in'))).toBe('real.txt');
  expect(existsSync(join(path, 'link-out'))).toBe(false);
  expect(await statusOf(repo, path)).toBe('');

  home.writeConfig('[worktrees]\ncopy = [{ pattern = "local.toml", required = true }]\n');
  await daemon.client.config.reload();
  const missing = await failureOf(createWorktree(daemon, repo.path, 'needy'));
  expect(missing).toMatchObject({ kind: 'PRECONDITION', details: { reason: 'copy_required', pattern: 'local.toml' } });
  // All of it is taken back.
  expect(await repo.git('branch', '--list', 'needy')).toBe('');
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('needy');
  expect((await daemon.client.worktree.list({})).worktrees.map(({ branch }) => branch)).toEqual(['work']);

  home.writeConfig('[worktrees]\ncopy = [{ pattern = "../outside.txt" }]\n');
  expect(await failureOf(daemon.client.config.reload())).toMatchObject({ kind: 'CONFIG_INVALID' });
});

test('a folder of the branch that is a link leads no copy out of the worktree', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  await repo.git('checkout', '--quiet', '-b', 'evil');
  mkdirSync(repo.beside('elsewhere'));
  symlinkSync(repo.beside('elsewhere'), join(repo.path, 'config'));
  await repo.commit('link');
  await repo.git('checkout', '--quiet', 'master');
  await repo.commit('folder', { '.gitignore': '.env\n', 'config/a.txt': '1' });
  await repo.write('config/.env', 'secret');

  const { path } = await createWorktree(daemon, repo.path, 'evil');

  expect(readlinkSync(join(path, 'config'))).toBe(repo.beside('elsewhere'));
  expect(existsSync(repo.beside('elsewhere/.env'))).toBe(false);
});

test('a command brings its own list and an MCP configuration; without the template it says so', async () => {
  await using repo = await createTestRepo();
  await repo.commit('files', { '.mcp.json': '{}', '.mcp.review.json': '{"review":1}', '.gitignore': 'data/\n' });
  await repo.write('data/seed.sql', '1');
  const worktree = { branch: 'work', copy: [{ pattern: 'data/seed.sql', required: true }], mcp_template: 'review', keep: 'always' };
  await using daemon = await startRealDaemon({
    commands: {
      take: commandFile('take', { worktree, steps: [shell('cat .mcp.json data/seed.sql; git status --porcelain', { run_in: 'process' })] }),
      miss: commandFile('miss', { worktree: { branch: 'other', mcp_template: 'nope' }, steps: [shell('true')] }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'take')).id);
  expect(ended.status).toBe('succeeded');
  expect((await daemon.client.session.readOutput({ id: ended.id, step: 1 })).data).toBe('{"review":1}1');
  const failed = await daemon.ended((await daemon.start(repo.path, 'miss')).id);
  expect(failed).toMatchObject({ status: 'failed', error: expect.stringContaining('.mcp.nope.json') });
  expect(await repo.git('branch', '--list', 'other')).toBe('');
});

test('hooks run in the worktree; one that fails takes a new worktree back, and keeps an old one', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const write = (create: string, remove: string): void =>
    home.writeConfig(
      `[hooks]\npost_create = [["sh", "-c", ${JSON.stringify(create)}]]\npre_remove = [["sh", "-c", ${JSON.stringify(remove)}]]\n`,
    );
  write(
    `pwd > ${home.path('made')}; echo $COPPICE_HOOK $COPPICE_BRANCH_NAME $COPPICE_PROJECT_PATH >> ${home.path('made')}`,
    'echo not yet; exit 3',
  );
  await using daemon = await startRealDaemon({ home });

  const { path } = await createWorktree(daemon, repo.path, 'work');
  expect(readFileSync(home.path('made'), 'utf8')).toBe(`${path}\npost_create work ${repo.path}\n`);
  const kept = await failureOf(daemon.client.worktree.remove({ worktree: 'work' }));
  expect(kept).toMatchObject({
    kind: 'TOOL_FAILED',
    message: expect.stringContaining('not yet'),
    details: { hook: 'pre_remove', exitCode: 3 },
  });
  expect(existsSync(path)).toBe(true);

  write('echo half > half.txt; echo no luck >&2; exit 1', `echo bye > ${home.path('bye')}`);
  await daemon.client.config.reload();
  const refused = await failureOf(createWorktree(daemon, repo.path, 'broken'));
  expect(refused).toMatchObject({ kind: 'TOOL_FAILED', message: expect.stringContaining('no luck') });
  expect(await repo.git('branch', '--list', 'broken')).toBe('');
  expect((await daemon.client.worktree.list({})).worktrees).toHaveLength(1);

  await daemon.client.worktree.remove({ worktree: 'work' });
  expect(readFileSync(home.path('bye'), 'utf8')).toBe('bye\n');

  // What a hook leaves behind is work like any other.
  write('true', 'echo dump > dump.sql');
  await daemon.client.config.reload();
  await createWorktree(daemon, repo.path, 'third');
  expect(await failureOf(daemon.client.worktree.remove({ worktree: 'third' }))).toMatchObject({
    kind: 'WORK_AT_RISK',
    details: { paths: ['dump.sql'] },
  });
});

test('leases of a command are free, reach its steps, and end with it', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const busy = createServer();
  const busyPort = await new Promise<number>((resolve) =>
    busy.listen(0, '127.0.0.1', () => resolve((busy.address() as { port: number }).port)),
  );
  const signals = createSignals(home);
  const leases = [
    { key: 'web', kind: 'port' },
    { key: 'db_name', kind: 'name' },
    { key: 'gpu', kind: 'slot', pool: 'gpus', slots: 1 },
  ];
  const steps = [
    shell(`${signals.tell('env', '$COPPICE_LEASE_WEB $COPPICE_LEASE_DB_NAME $COPPICE_LEASE_GPU')}; ${signals.waitFor('gate')}`),
  ];
  await using daemon = await startRealDaemon({
    home,
    config: `[leases]\nports = "${busyPort}-${busyPort + 20}"\n`,
    commands: { serve: commandFile('serve', { leases, steps }) },
  });
  const session = await daemon.start(repo.path, 'serve');
  const [line = ''] = await signals.lines('env');
  const [port, name, slot] = line.split(' ');
  expect(Number(port)).toBeGreaterThan(busyPort);
  expect(name).toMatch(/^db-name-[0-9a-z]{4}$/);
  expect(slot).toBe('1');
  const held = await daemon.client.lease.list({ session: session.id });
  expect(held.leases.map(({ key, value }) => [key, value]).toReversed()).toEqual([
    ['web', port],
    ['db_name', name],
    ['gpu', '1'],
  ]);

  // The pool is empty: a second session fails before its first step.
  const second = await daemon.ended((await daemon.start(repo.path, 'serve')).id);
  expect(second).toMatchObject({ status: 'failed', error: expect.stringContaining('gpus') });
  expect(await daemon.client.lease.list({ session: second.id })).toEqual({ leases: [] });
  expect(
    await failureOf(daemon.client.lease.reserve({ kind: 'port', key: 'A', value: port as string, session: session.id })),
  ).toMatchObject({
    kind: 'ALREADY_EXISTS',
  });
  expect(
    await failureOf(daemon.client.lease.reserve({ kind: 'port', key: 'A', value: String(busyPort), session: session.id })),
  ).toMatchObject({ kind: 'PRECONDITION', details: { reason: 'port_in_use' } });
  expect(await failureOf(daemon.client.lease.reserve({ kind: 'port', key: 'A' }))).toMatchObject({ kind: 'INVALID_PARAMS' });

  signals.open('gate');
  await daemon.ended(session.id);
  expect(await daemon.client.lease.list({})).toEqual({ leases: [] });
  const released = (await daemon.events({ types: ['lease.released'] })).map(({ data }) => (data as { key: string }).key);
  expect(released.toSorted()).toEqual(['db_name', 'db_name', 'gpu', 'web', 'web']);
  busy.close();
});

test('a lease of a worktree reaches the sessions in it and ends with it; a session takes leases for itself alone', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const hold = [shell(`${signals.tell('token', '$COPPICE_TOKEN')}; ${signals.waitFor('gate')}`)];
  await using daemon = await startRealDaemon({ home, commands: { hold: commandFile('hold', { steps: hold }) } });
  const worktree = await createWorktree(daemon, repo.path, 'work');
  const lease = await daemon.client.lease.reserve({ kind: 'port', key: 'WEB', worktree: worktree.id });
  expect(Number(lease.value)).toBeGreaterThanOrEqual(41_000);
  const session = await daemon.start(repo.path, 'hold');
  const [token = ''] = await signals.lines('token');

  const inside = await connect({ socketPath: home.socketPath, env: { ...home.env(), COPPICE_TOKEN: token }, token, clientName: 'inside' });
  const own = await inside.lease.reserve({ kind: 'name', key: 'MINE' });
  expect(own.sessionId).toBe(session.id);
  expect(await failureOf(inside.lease.reserve({ kind: 'port', key: 'X', worktree: worktree.id }))).toMatchObject({ kind: 'FORBIDDEN' });
  expect(await failureOf(inside.lease.release({ id: lease.id }))).toMatchObject({ kind: 'FORBIDDEN' });
  await inside.artifact.put({ session: session.id, name: 'own.txt', content: 'mine' });
  await inside.close();

  const listed = await daemon.cli(['leases', '--session', session.slug]);
  expect(listed.stdout).toContain(own.value);
  const reserved = await daemon.cli(['leases', 'reserve', 'slot', 'S', '--session', session.slug, '--slots', '2']);
  expect(reserved.stdout).toBe('1\n');
  expect((await daemon.cli(['leases', 'release', own.id])).exitCode).toBe(0);

  await daemon.client.worktree.remove({ worktree: worktree.id });
  expect((await daemon.client.lease.list({})).leases.map(({ key }) => key)).toEqual(['S']);
  signals.open('gate');
  await daemon.ended(session.id);
});

test('artifacts are put by path and content, and nothing escapes', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, commands: { hello: commandFile('hello', { steps: [shell('echo hello')] }) } });
  const { id, slug, artifactDir } = await daemon.ended((await daemon.start(repo.path, 'hello')).id);
  const put = (params: object) => daemon.client.artifact.put({ session: id, name: 'x.txt', ...params } as never);

  const stored = await put({ name: 'deep/er/report.md', kind: 'analysis', content: '# r' });
  expect(stored).toMatchObject({ kind: 'analysis', path: 'outputs/deep/er/report.md', sizeBytes: 3, mime: 'text/markdown' });
  expect(stored.sha256).toBe(createHash('sha256').update('# r').digest('hex'));
  expect((await daemon.client.artifact.read({ id: stored.id })).data).toBe('# r');
  const byPath = await daemon.cli(['artifacts', slug, '--put', 'readme.txt'], { cwd: repo.path });
  expect(byPath.stdout).toMatch(/^outputs\/readme\.txt art_/);
  expect((await daemon.cli(['artifact', 'read', slug, 'outputs/readme.txt'])).stdout).toBe('hello\n');

  writeFileSync(home.path('secret'), 'secret');
  symlinkSync(home.path('secret'), join(repo.path, 'link'));
  for (const path of [home.path('secret'), join(repo.path, 'link'), `${repo.path}/../home/.gitconfig`, repo.path]) {
    expect(await failureOf(put({ path })), path).toMatchObject({ kind: 'PRECONDITION' });
  }
  for (const name of ['../x', '/etc/x', 'a/../../x', 'a//b', '.', 'a/./b', 'a\nb']) {
    expect(await failureOf(put({ name, content: 'x' })), name).toMatchObject({ kind: 'INVALID_PARAMS' });
  }
  symlinkSync(home.path(''), join(artifactDir, 'outputs', 'out'));
  expect(await failureOf(put({ name: 'out/x.txt', content: 'x' }))).toMatchObject({ kind: 'PRECONDITION' });
  symlinkSync(home.path('secret'), join(artifactDir, 'outputs', 'target'));
  await put({ name: 'target', content: 'new' });
  expect(readFileSync(home.path('secret'), 'utf8')).toBe('secret');
  expect(lstatSync(join(artifactDir, 'outputs', 'target')).isFile()).toBe(true);
  expect(await failureOf(put({ kind: 'log', name: '001-echo-hello.log', content: 'forged' }))).toMatchObject({ kind: 'PRECONDITION' });
  expect(await failureOf(put({ content: 'x', path: join(repo.path, 'readme.txt') }))).toMatchObject({ kind: 'INVALID_PARAMS' });
  expect(await failureOf(put({}))).toMatchObject({ kind: 'INVALID_PARAMS' });
});

test('an archive is the same bytes twice; pruning tells first, spares what is kept, and then deletes', async () => {
  await using repo = await createTestRepo();
  const keep = commandFile('keep', { worktree: { branch: 'kept', keep: 'always' }, steps: [shell('echo kept', { run_in: 'process' })] });
  await using daemon = await startRealDaemon({ commands: { hello: commandFile('hello', { steps: [shell('echo hello')] }), keep } });
  const session = await daemon.ended((await daemon.start(repo.path, 'hello')).id);
  const kept = await daemon.ended((await daemon.start(repo.path, 'keep')).id);

  const archive = await daemon.client.artifact.archive({ session: session.slug });
  expect(archive.sha256).toBe(createHash('sha256').update(readFileSync(archive.path)).digest('hex'));
  expect(modeOf(archive.path)).toBe(0o600);
  expect(statSync(archive.path).size).toBe(archive.sizeBytes);
  const names = execFileSync('tar', ['-tzf', archive.path], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(names).toEqual(names.toSorted());
  expect(names).toContain(`${session.slug}/logs/001-echo-hello.log`);
  expect((await daemon.client.artifact.archive({ session: session.slug })).sha256).toBe(archive.sha256);

  expect(await failureOf(daemon.client.artifact.prune({}))).toMatchObject({ kind: 'INVALID_PARAMS' });
  const told = await daemon.client.artifact.prune({ keepBytes: 0, dryRun: true });
  expect(told.sessions.map(({ id }) => id)).toEqual([session.id]);
  expect(existsSync(session.artifactDir)).toBe(true);
  expect((await daemon.client.artifact.prune({ olderThanDays: 1 })).sessions).toEqual([]);

  const pruned = await daemon.client.artifact.prune({ olderThanDays: 0 });
  expect(pruned).toEqual({ ...told, dryRun: false });
  expect(existsSync(session.artifactDir)).toBe(false);
  expect(existsSync(kept.artifactDir)).toBe(true);
  expect((await daemon.client.artifact.list({ session: session.id })).artifacts).toEqual([]);
  expect((await daemon.client.session.get({ id: session.id })).status).toBe('succeeded');
  expect(await failureOf(daemon.client.artifact.archive({ session: session.id }))).toMatchObject({ kind: 'PRECONDITION' });
  expect((await daemon.cli(['artifact', 'prune', '--keep', '0', '--dry-run'])).exitCode).toBe(0);
});

test('attach without a name tells which terminals live when it cannot ask; import tells what the daemon does not know', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('on')}; ${signals.waitFor('gate')}`)];
  await using daemon = await startRealDaemon({ home, commands: { hold: commandFile('hold', { session: {}, steps }) } });
  expect(await daemon.cli(['attach'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no live terminal') });
  const session = await daemon.start(repo.path, 'hold');
  await signals.lines('on');
  expect(await daemon.cli(['attach'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(session.slug) });
  signals.open('gate');
  await daemon.ended(session.id);

  await repo.git('worktree', 'add', '--quiet', '-b', 'foreign', repo.beside('foreign'));
  const found = await daemon.cli(['import', '--json'], { cwd: repo.path, env: { TMUX_TMPDIR: home.dir } });
  expect(JSON.parse(found.stdout)).toEqual({
    worktrees: [{ path: repo.beside('foreign'), branch: 'foreign' }],
    tmuxSessions: [],
    adopted: [],
    refused: [],
  });
  const adopted = await daemon.cli(['import', '--adopt'], { cwd: repo.path, env: { TMUX_TMPDIR: home.dir } });
  expect(adopted.exitCode).toBe(0);
  expect((await daemon.client.worktree.list({})).worktrees.map(({ branch }) => branch)).toEqual(['foreign']);
});

test('nothing to copy costs a new worktree one question to git at most', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const calls = home.path('git-calls');
  const bin = home.path('bin');
  mkdirSync(bin);
  const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'git'), `#!/bin/sh\necho "$@" >> ${calls}\nexec ${git} "$@"\n`, { mode: 0o755 });
  await using daemon = await startRealDaemon({ home, env: { PATH: `${bin}:${process.env.PATH}` } });
  const project = await daemon.client.project.add({ path: repo.path });
  writeFileSync(calls, '');
  await daemon.client.worktree.create({ project: project.id, branch: 'work' });
  const made = readFileSync(calls, 'utf8').trimEnd().split('\n');
  expect(made.filter((call) => !call.startsWith('worktree add') && !call.startsWith('check-ref-format'))).toEqual([
    expect.stringMatching(/^status .*--ignored=matching/),
  ]);
});
