// What a new worktree gets from the main checkout.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureOf } from '../helpers/failure-of.ts';
import { commandFile, putProgram, shell } from '../helpers/programs.ts';
import { createHome, type Home, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { createWorktree } from '../helpers/worktrees.ts';

const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
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

  const { path } = await createWorktree(daemon, repo, 'work');

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

  const { path } = await createWorktree(daemon, repo, 'work');
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

  const { path } = await createWorktree(daemon, repo, 'work');
  expect(readlinkSync(join(path, 'node_modules'))).toBe(join(repo.path, 'node_modules'));
  expect(readlinkSync(join(path, 'link-in'))).toBe('real.txt');
  expect(existsSync(join(path, 'link-out'))).toBe(false);
  expect(await statusOf(repo, path)).toBe('');

  home.writeConfig('[worktrees]\ncopy = [{ pattern = "local.toml", required = true }]\n');
  await daemon.client.config.reload();
  const missing = await failureOf(createWorktree(daemon, repo, 'needy'), 'PRECONDITION');
  expect(missing).toMatchObject({ details: { reason: 'copy_required', pattern: 'local.toml' } });
  // All of it is taken back.
  expect(await repo.git('branch', '--list', 'needy')).toBe('');
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('needy');
  expect((await daemon.client.worktree.list({})).worktrees.map(({ branch }) => branch)).toEqual(['work']);

  home.writeConfig('[worktrees]\ncopy = [{ pattern = "../outside.txt" }]\n');
  await expect(daemon.client.config.reload()).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
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

  const { path } = await createWorktree(daemon, repo, 'evil');

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

/** A path on which a git writes down each call of it. */
function noteGitCalls(home: Home): { readonly calls: string; readonly path: string } {
  const calls = home.path('git-calls');
  const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  return { calls, path: putProgram(home.dir, 'git', `echo "$@" >> ${calls}\nexec ${git} "$@"`) };
}

test('with nothing to copy a new worktree costs one git, and one question to another', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const { calls, path } = noteGitCalls(home);
  await using daemon = await startRealDaemon({ home, env: { PATH: path } });
  const project = await daemon.client.project.add({ path: repo.path });
  // The first one asks once for all where the settings of the system are.
  await daemon.client.worktree.create({ project: project.id, branch: 'first' });
  writeFileSync(calls, '');
  await daemon.client.worktree.create({ project: project.id, branch: 'work' });
  expect(readFileSync(calls, 'utf8').trimEnd().split('\n').sort()).toEqual([
    expect.stringMatching(/^checkout .* work [0-9a-f]{40} --$/),
    expect.stringMatching(/^status .*--ignored=matching/),
  ]);
});

test('worktrees that are asked for at once share the looks at the main checkout, and each gets what was there before it was asked for', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const { calls, path } = noteGitCalls(home);
  await using daemon = await startRealDaemon({ home, env: { PATH: path } });
  const project = await daemon.client.project.add({ path: repo.path });
  const making = ['a', 'b', 'c', 'd', 'e', 'f'].map(async (branch) => {
    await repo.write(`.env.${branch}`, branch);
    const { path: worktree } = await daemon.client.worktree.create({ project: project.id, branch });
    expect(readFileSync(join(worktree, `.env.${branch}`), 'utf8')).toBe(branch);
  });
  await Promise.all(making);
  const looks = readFileSync(calls, 'utf8')
    .split('\n')
    .filter((call) => call.startsWith('status '));
  expect(looks.length).toBeLessThan(6);
});
