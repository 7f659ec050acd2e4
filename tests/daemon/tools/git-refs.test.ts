import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Failure } from '../../../schemas/errors.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { createGitFixture } from './git-fixture.ts';

test('head is read without git: on a branch, packed, detached and before the first commit', async () => {
  await using f = await createGitFixture();
  const commit = await f.test.git('rev-parse', 'HEAD');
  expect(await f.git.head(f.test.path)).toEqual({ commit, branch: 'master' });
  await f.test.git('pack-refs', '--all');
  expect(await f.git.head(f.test.path)).toEqual({ commit, branch: 'master' });
  await f.test.git('checkout', '-q', '--detach');
  expect(await f.git.head(f.test.path)).toEqual({ commit });
  await f.test.git('worktree', 'add', '-q', '-b', 'deep/er', f.test.beside('w'));
  expect(await f.git.head(f.test.beside('w'))).toEqual({ commit, branch: 'deep/er' });
  await f.test.git('checkout', '-q', '--orphan', 'fresh');
  expect(await f.git.head(f.test.path)).toEqual({ branch: 'fresh' });
  expect(f.calls).toEqual([]);
});

test('head asks git where the files are unusual', async () => {
  await using f = await createGitFixture();
  const commit = await f.test.git('rev-parse', 'HEAD');
  await f.test.git('symbolic-ref', 'refs/heads/alias', 'refs/heads/master');
  await f.test.git('symbolic-ref', 'HEAD', 'refs/heads/alias');
  expect(await f.git.head(f.test.path)).toEqual({ commit, branch: 'master' });
  expect(f.calls.length).toBeGreaterThan(0);
  await failureOf(f.git.head(f.test.directory), 'NOT_FOUND');
});

test("the default branch is origin's, else the checked out one, else init.defaultBranch, else the only one", async () => {
  await using f = await createGitFixture({ branch: 'trunk' });
  await f.test.git('branch', 'develop');
  await f.test.git('branch', 'main');
  expect(await f.git.defaultBranch(f.repo)).toBe('trunk');
  await f.test.git('checkout', '-q', '--detach');
  expect(await f.git.defaultBranch(f.repo)).toBeUndefined();
  await f.test.git('config', 'init.defaultBranch', 'develop');
  expect(await f.git.defaultBranch(f.repo)).toBe('develop');
  await f.test.git('config', 'init.defaultBranch', 'absent');
  await f.test.git('branch', '-D', 'develop', 'main');
  expect(await f.git.defaultBranch(f.repo)).toBe('trunk');
  const clone = f.test.beside('clone');
  await f.test.git('checkout', '-q', 'trunk');
  await f.test.gitIn(f.test.directory, 'clone', '-q', f.test.path, clone);
  await f.test.gitIn(clone, 'checkout', '-q', '-b', 'work');
  const repo = { mainCheckout: clone, gitCommonDir: join(clone, '.git') };
  expect(await f.git.defaultBranch(repo)).toBe('trunk');
  await f.test.gitIn(clone, 'branch', '-D', 'trunk');
  expect(await f.git.defaultBranch(repo)).toBe('origin/trunk');
  expect(await f.git.resolveCommit(repo, 'origin/trunk')).toMatch(/^[0-9a-f]{40}$/);
  await f.test.gitIn(clone, 'update-ref', '-d', 'refs/remotes/origin/trunk');
  expect(await f.git.defaultBranch(repo)).toBe('work');
});

test('an empty repository has no default branch', async () => {
  await using f = await createGitFixture({ empty: true });
  expect(await f.git.defaultBranch(f.repo)).toBeUndefined();
});

test('every commit-ish is resolved, a plain branch name without git', async () => {
  await using f = await createGitFixture();
  const first = await f.test.git('rev-parse', 'HEAD');
  await f.test.git('tag', '-a', '-m', 'annotated', 'v1.0');
  const second = await f.test.commit('second');
  expect(await f.git.resolveCommit(f.repo, 'master')).toBe(second);
  expect(await f.git.resolveCommit(f.repo, 'refs/heads/master')).toBe(second);
  expect(f.calls).toEqual([]);
  for (const name of ['v1.0', 'HEAD~1', first, first.slice(0, 10), 'master^', ':/first', 'refs/tags/v1.0']) {
    expect(await f.git.resolveCommit(f.repo, name)).toBe(first);
  }
  expect(await f.git.resolveCommit(f.repo, 'HEAD')).toBe(second);
  // Git prefers the tag.
  await f.test.git('branch', 'both', second);
  await f.test.git('tag', 'both', first);
  expect(await f.git.resolveCommit(f.repo, 'both')).toBe(first);
});

test('what names no commit is not found, with near branches', async () => {
  await using f = await createGitFixture();
  await f.test.git('branch', 'feature');
  expect((await failureOf(f.git.resolveCommit(f.repo, 'featrue'), 'NOT_FOUND')).details).toMatchObject({ suggestions: ['feature'] });
  for (const name of [
    '',
    '--all',
    'a b',
    'HEAD:readme.txt',
    '@{u}',
    'master@{upstream}',
    'x\ny',
    '..',
    '^',
    'HEAD^5',
    'f'.repeat(40),
    'f'.repeat(300),
  ]) {
    await failureOf(f.git.resolveCommit(f.repo, name), 'NOT_FOUND');
  }
});

test('a repository that cannot be read is no missing commit', async () => {
  await using f = await createGitFixture();
  await rm(join(f.test.path, '.git/objects'), { recursive: true });
  await failureOf(f.git.resolveCommit(f.repo, 'HEAD~1'), 'TOOL_FAILED');
});

test('branch names are those git takes; ordinary ones cost no process', async () => {
  await using f = await createGitFixture();
  for (const name of ['fix', 'feature/a-1', 'v1.2.x', '_x', 'a/b/c_d']) await f.git.checkBranchName(name);
  expect(f.calls).toEqual([]);
  for (const name of ['über', 'a@b', 'with+plus', '日本']) await f.git.checkBranchName(name);
  const bad = [
    '',
    '-x',
    'a..b',
    'a b',
    'a/',
    '/a',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a.',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    '@',
  ];
  for (const name of [...bad, '@{-1}', 'HEAD', 'a\nb', 'a\x7fb', `a/${'x'.repeat(251)}`]) {
    expect([name, await f.git.checkBranchName(name).catch((error: Failure) => error.kind)]).toEqual([name, 'INVALID_PARAMS']);
  }
});

test('the quick check of branch names never takes what git refuses', async () => {
  await using f = await createGitFixture();
  const parts = ['a', 'A1', '_', '-', '.', '..', '/', '.lock', 'HEAD', '@', 'lock'];
  for (const x of parts) {
    for (const y of parts) {
      const name = `${x}${y}`;
      const calls = f.calls.length;
      const taken = await f.git.checkBranchName(name).then(
        () => true,
        () => false,
      );
      if (f.calls.length > calls) continue;
      const real = await f.test.git('check-ref-format', '--branch', name).catch(() => undefined);
      expect([name, taken]).toEqual([name, real === name]);
    }
  }
});

test('a branch is known by its exact name, loose or packed', async () => {
  await using f = await createGitFixture();
  await f.test.git('branch', 'feature/one');
  expect(await f.git.branchExists(f.repo, 'feature/one')).toBe(true);
  expect(await f.git.branchExists(f.repo, 'feature')).toBe(false);
  await f.test.git('pack-refs', '--all');
  expect(await f.git.branchExists(f.repo, 'feature/one')).toBe(true);
  expect(await f.git.branchExists(f.repo, 'one')).toBe(false);
  expect(await f.git.branchExists(f.repo, '../heads/master')).toBe(false);
});

test('the checkout of a branch is found: main, linked, amid a rebase, with its directory gone', async () => {
  await using f = await createGitFixture();
  await f.test.git('branch', 'free');
  await f.test.git('worktree', 'add', '-q', '-b', 'linked', f.test.beside('w'));
  expect(await f.git.branchCheckedOutAt(f.repo, 'master')).toBe(f.test.path);
  expect(await f.git.branchCheckedOutAt(f.repo, 'linked')).toBe(f.test.beside('w'));
  expect(await f.git.branchCheckedOutAt(f.repo, 'free')).toBeUndefined();
  await f.test.commit('one', { 'readme.txt': 'one\n' });
  await f.test.commit('other', { 'readme.txt': 'other\n' }, f.test.beside('w'));
  await f.test.gitIn(f.test.beside('w'), 'rebase', 'master').catch(() => undefined);
  expect((await f.git.head(f.test.beside('w'))).branch).toBeUndefined();
  expect(await f.git.branchCheckedOutAt(f.repo, 'linked')).toBe(f.test.beside('w'));
  await rm(f.test.beside('w'), { recursive: true });
  expect(await f.git.branchCheckedOutAt(f.repo, 'linked')).toBe(f.test.beside('w'));
});

test('references that are neither a commit nor readable are left to git', async () => {
  await using f = await createGitFixture();
  await writeFile(join(f.test.path, '.git/refs/heads/broken'), 'nonsense\n');
  expect(await f.git.branchExists(f.repo, 'broken')).toBe(false);
});
