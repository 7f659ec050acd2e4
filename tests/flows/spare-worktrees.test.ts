// Worktrees that are checked out ahead, seen from outside: whoever gets one must not be able to tell it from a new one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { identityOf, sparesOf, sparesReady } from '../helpers/spares.ts';
import { until } from '../helpers/until.ts';
import { createWorktree, repoWithIgnores } from '../helpers/worktrees.ts';

const oneSpare = '[worktrees]\nspares = 1\n';

test('a spare becomes the worktree: its own branch at the base, clean, with copies and hook; then there is another', async () => {
  await using repo = await repoWithIgnores();
  await repo.write('.env', 'SECRET=1\n');
  await using home = createHome();
  const hook = `pwd > ${home.path('made')}`;
  await using daemon = await startRealDaemon({ home, config: `${oneSpare}[hooks]\npost_create = [["sh", "-c", "${hook}"]]\n` });
  await daemon.client.project.add({ path: repo.path });
  const [spare = ''] = await sparesReady(daemon, 1);
  const identity = identityOf(spare);
  const before = await repo.fingerprint();
  expect(await daemon.client.worktree.list({ project: repo.path })).toMatchObject({ worktrees: [], orphans: [] });
  expect(existsSync(home.path('made'))).toBe(false);

  await daemon.restart();
  expect((await sparesReady(daemon, 1)).map(identityOf)).toEqual([identity]);
  const worktree = await createWorktree(daemon, repo, 'team/topic');

  expect(identityOf(worktree.path)).toBe(identity);
  expect(worktree).toMatchObject({
    status: 'present',
    branch: 'team/topic',
    branchCreated: true,
    path: join(home.worktreesDir, 'repo/team-topic'),
  });
  expect(await repo.gitIn(worktree.path, 'status', '--porcelain=v2', '--branch')).toBe(
    `# branch.oid ${await repo.git('rev-parse', 'master')}\n# branch.head team/topic`,
  );
  expect(readFileSync(join(worktree.path, '.env'), 'utf8')).toBe('SECRET=1\n');
  expect(readFileSync(home.path('made'), 'utf8')).toBe(`${worktree.path}\n`);
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain(spare);
  expect(await repo.fingerprint()).toBe(before);

  const [next = ''] = await sparesReady(daemon, 1);
  expect(identityOf(next)).not.toBe(identity);
  await repo.commit('work', { 'work.txt': 'x' }, worktree.path);
  expect(await daemon.client.worktree.remove({ worktree: worktree.id, force: true })).toMatchObject({ branchDeleted: true });
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  expect(sparesOf(daemon)).toEqual([next]);
});

test('after the base has moved nobody gets the old one, and the spare follows', { timeout: 180_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ config: oneSpare });
  await daemon.client.project.add({ path: repo.path });
  const [first = ''] = await sparesReady(daemon, 1);
  const identity = identityOf(first);
  const second = await repo.commit('second', { 'second.txt': '2', 'readme.txt': 'changed\n' });

  const at = await createWorktree(daemon, repo, 'now');
  expect(identityOf(at.path)).toBe(identity);
  expect(at.baseCommit).toBe(second);
  expect(await repo.gitIn(at.path, 'rev-parse', 'HEAD')).toBe(second);
  expect(readFileSync(join(at.path, 'readme.txt'), 'utf8')).toBe('changed\n');
  expect(await repo.gitIn(at.path, 'status', '--porcelain')).toBe('');

  const [next = ''] = await sparesReady(daemon, 1);
  const third = await repo.commit('third', { 'third.txt': '3' });
  await until('the spare to follow', async () => (await repo.gitIn(next, 'rev-parse', 'HEAD')) === third);
  await sparesReady(daemon, 1);
  expect(identityOf(next)).toBe(identityOf((await sparesReady(daemon, 1))[0] ?? ''));
  const older = await createWorktree(daemon, repo, 'older', second);
  expect(existsSync(join(older.path, 'third.txt'))).toBe(false);
  expect(await repo.gitIn(older.path, 'status', '--porcelain')).toBe('');
});

test('a spare that somebody has worked in is theirs: it is not taken, not cleaned and not removed', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ config: oneSpare });
  await daemon.client.project.add({ path: repo.path });
  const [first = ''] = await sparesReady(daemon, 1);
  writeFileSync(join(first, 'mine.txt'), 'mine');

  const worktree = await createWorktree(daemon, repo, 'topic');
  expect(existsSync(join(worktree.path, 'mine.txt'))).toBe(false);
  expect(readFileSync(join(first, 'mine.txt'), 'utf8')).toBe('mine');
  expect((await daemon.client.worktree.list({ project: repo.path })).orphans).toEqual([{ path: first }]);
  expect(daemon.home.log()).toContain(`somebody has worked in the spare worktree \\"${first}\\"`);

  const [second = ''] = await until('another', () => {
    const others = sparesOf(daemon).filter((path) => path !== first);
    return others.length === 1 && others;
  });
  await until('it to be ready', async () => (await daemon.client.daemon.metrics()).gauges.spare_worktrees === 1);
  const commit = await repo.commit('by hand', { 'x.txt': 'x' }, second);
  daemon.home.writeConfig('');
  await daemon.client.config.reload();
  await until('it to be left', () => daemon.home.log().includes(`somebody has worked in the spare worktree \\"${second}\\"`));
  expect(await repo.gitIn(second, 'rev-parse', 'HEAD')).toBe(commit);
  expect(readFileSync(join(first, 'mine.txt'), 'utf8')).toBe('mine');
});

test('two that want the one spare at once both get a worktree', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ config: oneSpare });
  await daemon.client.project.add({ path: repo.path });
  const [spare = ''] = await sparesReady(daemon, 1);
  const identity = identityOf(spare);

  const made = await Promise.all(['one', 'two', 'three'].map((branch) => createWorktree(daemon, repo, branch)));

  expect(made.filter(({ path }) => identityOf(path) === identity)).toHaveLength(1);
  for (const { path, branch } of made) {
    expect(await repo.gitIn(path, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
    expect(existsSync(join(path, 'readme.txt'))).toBe(true);
  }
});

test('spares go when the option is taken back and when the project goes, and one project’s own file asks for its own', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  await using other = await createTestRepo({ name: 'other' });
  await repo.write('.coppice/config.toml', '[worktrees]\nspares = 2\n');
  await using daemon = await startRealDaemon();
  const project = await daemon.client.project.add({ path: repo.path });
  await daemon.client.project.add({ path: other.path });
  await sparesReady(daemon, 2);
  expect(await other.git('worktree', 'list')).not.toContain('spare');

  await repo.write('.coppice/config.toml', '[worktrees]\nspares = 1\n');
  await sparesReady(daemon, 1);
  await daemon.client.project.remove({ project: project.id });
  await sparesReady(daemon, 0);
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('spare');

  await repo.write('.coppice/config.toml', '');
  daemon.home.writeConfig(oneSpare);
  await daemon.client.config.reload();
  await until('one of the other', async () => (await daemon.client.daemon.metrics()).gauges.spare_worktrees === 1);
  daemon.home.writeConfig('');
  await daemon.client.config.reload();
  await until('none', async () => !(await other.git('worktree', 'list')).includes('spare'));
  expect((await daemon.client.daemon.metrics()).gauges.spare_worktrees).toBe(0);
});

test('a post-checkout hook runs as ever: where there is one, there are no spares', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ config: oneSpare });
  await daemon.client.project.add({ path: repo.path });
  await sparesReady(daemon, 1);
  await repo.hook('post-checkout', 'pwd >> "$(git rev-parse --path-format=absolute --git-common-dir)/hooked"');

  const worktree = await createWorktree(daemon, repo, 'topic');
  expect(readFileSync(join(repo.path, '.git', 'hooked'), 'utf8')).toBe(`${worktree.path}\n`);
  await sparesReady(daemon, 0);
  await until('the reason to be told', () => daemon.home.log().includes('a post-checkout hook of the repository expects to run'));
});

test('a repository with submodules gets whole worktrees, and no spares', async () => {
  await using library = await createTestRepo({ name: 'library' });
  await using repo = await createTestRepo();
  await repo.git('submodule', '--quiet', 'add', library.path, 'lib');
  await repo.commit('with a library');
  await using daemon = await startRealDaemon({ config: oneSpare, env: { GIT_ALLOW_PROTOCOL: 'file' } });
  await daemon.client.project.add({ path: repo.path });
  await until('the reason to be told', () => daemon.home.log().includes('git cannot move worktrees of a repository with submodules'));
  await sparesReady(daemon, 0);
  const worktree = await createWorktree(daemon, repo, 'topic');
  expect(existsSync(join(worktree.path, 'lib', 'readme.txt'))).toBe(true);
});

const wrong: readonly (readonly [value: string, expected: string])[] = [
  ['-1', 'expected a number of at least 0, got -1'],
  ['9', 'expected a number of at most 8, got 9'],
  ['1.5', 'expected a whole number, got 1.5'],
  ['"2"', 'expected a number, got'],
  ['true', 'expected a number, got'],
  ['[1]', 'expected a number, got a list'],
  ['{ repo = 1 }', 'expected a number, got'],
  ['nan', 'expected a number, got NaN'],
  ['inf', 'expected a number, got Infinity'],
  ['1979-05-27', 'expected a number, got'],
];

test('the key takes a whole number from 0 to 8, and every other value is one sentence with its place', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home });
  for (const [value, expected] of wrong) {
    home.writeConfig(`[worktrees]\nspares = ${value}\n`);
    const { stdout, stderr, exitCode } = await daemon.cli(['config', 'validate']);
    expect([exitCode, stdout + stderr], value).toEqual([
      expect.any(Number),
      expect.stringMatching(new RegExp(`:2:10: ${expected}.* \\(worktrees\\.spares\\)\n$`)),
    ]);
    expect(exitCode, value).not.toBe(0);
  }
  home.writeConfig('[worktrees]\nspare = 1\n');
  expect((await daemon.cli(['config', 'validate'])).stdout + (await daemon.cli(['config', 'validate'])).stderr).toContain(
    'unknown key "spare"; did you mean "spares"?',
  );
  for (const value of ['0', '8']) {
    home.writeConfig(`[worktrees]\nspares = ${value}\n`);
    expect((await daemon.cli(['config', 'validate'])).exitCode, value).toBe(0);
  }
});
