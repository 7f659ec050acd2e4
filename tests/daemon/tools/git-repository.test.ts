import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { createGitFixture } from './git-fixture.ts';

test('a repository is found from any depth of the main checkout, without running git', async () => {
  await using f = await createGitFixture();
  await mkdir(join(f.test.path, 'a/b'), { recursive: true });
  const found = { ...f.repo, isWorktree: false, worktreePath: f.test.path };
  expect(await f.git.findRepository(f.test.path)).toEqual(found);
  expect(await f.git.findRepository(join(f.test.path, 'a/b'))).toEqual(found);
  expect(await f.git.findRepository(join(f.test.path, 'readme.txt'))).toEqual(found);
  expect(await f.git.findRepository(join(f.test.path, '.git/hooks'))).toEqual(found);
  await symlink(join(f.test.path, 'a'), f.test.beside('link'));
  expect(await f.git.findRepository(f.test.beside('link'))).toEqual(found);
  expect(f.calls).toEqual([]);
});

test('from inside a linked worktree the main checkout is found', async () => {
  await using f = await createGitFixture();
  await f.test.git('worktree', 'add', '-q', f.test.beside('w'));
  await mkdir(f.test.beside('w/deep'));
  expect(await f.git.findRepository(f.test.beside('w/deep'))).toEqual({ ...f.repo, isWorktree: true, worktreePath: f.test.beside('w') });
});

test('nothing is found outside of repositories, on missing paths and around an empty .git', async () => {
  await using f = await createGitFixture();
  await mkdir(f.test.beside('plain/.git'), { recursive: true });
  expect(await f.git.findRepository(f.test.beside('plain'))).toBeUndefined();
  expect(await f.git.findRepository(f.test.beside('missing'))).toBeUndefined();
});

test('bare repositories are refused with what to do, also from their worktrees', async () => {
  await using f = await createGitFixture();
  const bare = f.test.beside('bare.git');
  await f.test.gitIn(f.test.directory, 'clone', '-q', '--bare', f.test.path, bare);
  await f.test.gitIn(bare, 'worktree', 'add', '-q', f.test.beside('w'));
  for (const path of [bare, join(bare, 'refs'), f.test.beside('w')]) {
    const failure = await failureOf(f.git.findRepository(path), 'PRECONDITION');
    expect(failure.message).toContain('clone it');
    expect(failure.details).toMatchObject({ reason: 'bare_repository' });
  }
});

test('a submodule is a repository of its own', async () => {
  await using f = await createGitFixture();
  await using other = await createGitFixture();
  await f.test.git('submodule', '--quiet', 'add', other.test.path, 'sub');
  expect(await f.git.findRepository(join(f.test.path, 'sub'))).toEqual({
    mainCheckout: join(f.test.path, 'sub'),
    gitCommonDir: join(f.test.path, '.git/modules/sub'),
    isWorktree: false,
    worktreePath: join(f.test.path, 'sub'),
  });
});

test('a separate git directory is found; its worktrees cannot tell the main checkout and say so', async () => {
  await using f = await createGitFixture();
  await f.test.git('init', '-q', `--separate-git-dir=${f.test.beside('store')}`);
  expect(await f.git.findRepository(f.test.path)).toMatchObject({ mainCheckout: f.test.path, gitCommonDir: f.test.beside('store') });
  await f.test.git('worktree', 'add', '-q', f.test.beside('w'));
  const failure = await failureOf(f.git.findRepository(f.test.beside('w')), 'PRECONDITION');
  expect(failure.details).toMatchObject({ reason: 'main_checkout_unknown' });
});

test('a worktree whose record is gone says how to mend it', async () => {
  await using f = await createGitFixture();
  await f.test.git('worktree', 'add', '-q', f.test.beside('w'));
  await rm(join(f.test.path, '.git/worktrees'), { recursive: true });
  expect((await failureOf(f.git.findRepository(f.test.beside('w')), 'PRECONDITION')).message).toContain('git worktree repair');
});

test('git variables of the daemon do not lead git elsewhere', async () => {
  const env = {
    GIT_DIR: '/nowhere',
    GIT_WORK_TREE: '/nowhere',
    GIT_INDEX_FILE: '/nowhere/index',
    GIT_NAMESPACE: 'x',
    LC_ALL: 'de_DE.UTF-8',
  };
  await using f = await createGitFixture({ env });
  expect(await f.git.status(f.test.path)).toMatchObject({ branch: 'master', clean: true });
  expect(await f.git.recentCommits(f.test.path, 5)).toMatchObject([{ subject: 'first', author: 'Test' }]);
});

test('a NUL in a name is a fault of the caller', async () => {
  await using f = await createGitFixture();
  await failureOf(f.git.resolveCommit(f.repo, 'a\0b'), 'NOT_FOUND');
  await failureOf(f.git.checkBranchName('a\0b'), 'INVALID_PARAMS');
  await failureOf(f.git.branchExists(f.repo, 'a\0b'), 'INVALID_PARAMS');
});

test('version, remotes and recent commits are plain data', async () => {
  await using f = await createGitFixture();
  expect((await f.git.version()).major).toBeGreaterThanOrEqual(2);
  expect(await f.git.remotes(f.repo)).toEqual([]);
  await f.test.git('remote', 'add', 'origin', 'https://me:secret@example.org/x y.git');
  await f.test.git('remote', 'set-url', '--push', 'origin', 'ssh://git@example.org/x.git');
  expect(await f.git.remotes(f.repo)).toEqual([
    { name: 'origin', fetchUrl: 'https://example.org/x y.git', pushUrl: 'ssh://git@example.org/x.git' },
  ]);
  const subject = 'two ò "quoted" ünï';
  const commit = await f.test.commit(subject);
  expect(await f.git.recentCommits(f.test.path, 1)).toEqual([
    { commit, subject, author: 'Test', authoredAt: expect.stringMatching(/^\d{4}-/) },
  ]);
  const odd = await f.test.commit('x òòòòòò y');
  expect((await f.git.recentCommits(f.test.path, 5)).map((found) => [found.commit, found.author])).toEqual([
    [odd, 'Test'],
    [commit, 'Test'],
    [expect.anything(), 'Test'],
  ]);
});

test('an empty repository has no recent commits; a broken one is a failure of the tool', async () => {
  await using f = await createGitFixture({ empty: true });
  expect(await f.git.recentCommits(f.test.path, 5)).toEqual([]);
  await writeFile(join(f.test.path, '.git/refs/heads/master'), `${'1'.repeat(40)}\n`);
  await failureOf(f.git.recentCommits(f.test.path, 5), 'TOOL_FAILED');
});
