import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../../schemas/errors.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { rootMissing } from '../../helpers/small-disk.ts';
import { createGitFixture, newBranch } from './git-fixture.ts';

test('removing one worktree keeps the others, also those whose disk is away', async () => {
  await using f = await createGitFixture();
  const main = await f.test.fingerprint();
  await newBranch(f, 'one');
  await newBranch(f, 'two', { path: f.test.beside('w2') });
  await newBranch(f, 'away', { path: f.test.beside('w3') });
  await rm(f.test.beside('w3'), { recursive: true });
  await f.test.write('left.txt', 'x', f.test.beside('w'));
  const { deleteFiles } = await f.git.removeWorktree({ repo: f.repo, path: f.test.beside('w') });
  expect(await readdir(f.test.directory)).not.toContain('w');
  await deleteFiles();
  expect((await readdir(f.test.directory)).sort()).toEqual(['home', 'repo', 'w2']);
  expect((await f.git.listWorktrees(f.repo)).map(({ path }) => path)).toEqual([f.test.path, f.test.beside('w2'), f.test.beside('w3')]);
  expect(await f.git.branchExists(f.repo, 'one')).toBe(true);
  expect(await f.test.fingerprint()).toBe(main);
});

test('a worktree is removed by a path through a link, with read-only directories, and when its directory is gone', async () => {
  await using f = await createGitFixture();
  await symlink(f.test.directory, f.test.beside('link'));
  const { path } = await newBranch(f, 'one', { path: f.test.beside('link/w') });
  await f.test.write('cache/mod/file', 'x', path);
  await chmod(join(path, 'cache/mod'), 0o555);
  await f.test.gitIn(path, 'update-ref', 'refs/worktree/own', 'HEAD');
  await (await f.git.removeWorktree({ repo: f.repo, path })).deleteFiles();
  await newBranch(f, 'two');
  await rm(f.test.beside('w'), { recursive: true });
  await (await f.git.removeWorktree({ repo: f.repo, path: f.test.beside('w') })).deleteFiles();
  expect(await f.git.listWorktrees(f.repo)).toHaveLength(1);
  expect((await readdir(f.test.directory)).sort()).toEqual(['home', 'link', 'repo']);
});

test('the main checkout, strangers and locked worktrees are not removed', async () => {
  await using f = await createGitFixture();
  await failureOf(f.git.removeWorktree({ repo: f.repo, path: f.test.path }), 'NOT_FOUND');
  await failureOf(f.git.removeWorktree({ repo: f.repo, path: f.test.beside('home') }), 'NOT_FOUND');
  const { path } = await newBranch(f, 'one');
  await f.test.git('worktree', 'lock', '--reason=on a stick', path);
  const failure = await failureOf(f.git.removeWorktree({ repo: f.repo, path }), 'PRECONDITION');
  expect(failure.message).toContain('on a stick');
  expect(await readdir(path)).toContain('readme.txt');
});

test.skipIf(rootMissing('mount a file system'))('on another disk git does it; what it refuses puts the directory back', async () => {
  await using f = await createGitFixture();
  const disk = f.test.beside('disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', disk]);
  try {
    const { path } = await newBranch(f, 'one', { path: join(disk, 'w') });
    const config = await readFile(join(f.test.path, '.git/config'), 'utf8');
    await f.test.git('config', 'core.repositoryFormatVersion', '99');
    await failureOf(f.git.removeWorktree({ repo: f.repo, path }), 'TOOL_FAILED');
    expect(await readdir(path)).toContain('readme.txt');
    expect(await readdir(disk)).toEqual(['w']);
    await writeFile(join(f.test.path, '.git/config'), config);
    await (await f.git.removeWorktree({ repo: f.repo, path })).deleteFiles();
    expect(await readdir(disk)).toEqual([]);
    expect(await f.git.listWorktrees(f.repo)).toHaveLength(1);
  } finally {
    execFileSync('umount', [disk]);
  }
});

test('trash of an interrupted removal is found and deleted, and nothing that it only points to', async () => {
  await using f = await createGitFixture();
  const trash = f.test.beside('.coppice-trash-abc');
  await f.test.write('x/y.txt', 'x', trash);
  await f.test.write('closed/z.txt', 'x', trash);
  await symlink(f.test.beside('home'), join(trash, 'x', 'out'));
  await symlink(f.test.path, f.test.beside('.coppice-trash-link'));
  await f.test.write('note.txt', 'of the user', f.test.beside('home'));
  await chmod(join(trash, 'closed'), 0o000);
  expect(await f.git.findTrash(f.test.directory)).toEqual([trash]);
  expect(await f.git.findTrash(f.test.beside('missing'))).toEqual([]);
  await f.git.emptyTrash(trash);
  expect((await readdir(f.test.directory)).sort()).toEqual(['.coppice-trash-link', 'home', 'repo']);
  expect(await readdir(f.test.beside('home'))).toContain('note.txt');
  expect(await readdir(f.test.path)).toContain('readme.txt');
});

test('worktrees are listed with branch, lock and loss', async () => {
  await using f = await createGitFixture();
  const commit = await f.test.git('rev-parse', 'HEAD');
  await newBranch(f, 'one', { path: f.test.beside('odd\nname "ü') });
  await f.test.git('worktree', 'lock', '--reason=why\nnot', f.test.beside('odd\nname "ü'));
  await f.test.git('worktree', 'add', '-q', '--detach', f.test.beside('w'));
  await rm(f.test.beside('w'), { recursive: true });
  expect(await f.git.listWorktrees(f.repo)).toEqual([
    { path: f.test.path, isMain: true, head: commit, branch: 'master' },
    { path: f.test.beside('odd\nname "ü'), isMain: false, head: commit, branch: 'one', locked: 'why\nnot' },
    { path: f.test.beside('w'), isMain: false, head: commit, prunable: expect.stringContaining('non-existent') },
  ]);
});

test('a branch is deleted with its settings, but only where it was seen', async () => {
  await using f = await createGitFixture();
  const first = await f.test.git('rev-parse', 'HEAD');
  await f.test.git('branch', 'done');
  await f.test.git('config', 'branch.done.description', 'text');
  await f.test.git('branch', 'moved');
  const second = await f.test.commit('second');
  await f.test.git('branch', '-f', 'moved', second);
  expect(await f.git.deleteBranch({ repo: f.repo, branch: 'moved', expectedCommit: first })).toBe(false);
  expect(await f.test.git('rev-parse', 'moved')).toBe(second);
  expect(await f.git.deleteBranch({ repo: f.repo, branch: 'done', expectedCommit: first })).toBe(true);
  expect(await f.git.branchExists(f.repo, 'done')).toBe(false);
  expect(await f.test.git('config', '--get-regexp', '^branch').catch(() => 'none')).toBe('none');
  expect(await f.git.deleteBranch({ repo: f.repo, branch: 'done', expectedCommit: first })).toBe(false);
});

test.each(['before', 'after'] as const)('a git that is lost %s it deletes a branch is no failure', async (when) => {
  let lost = 0;
  const lose = (args: readonly string[]): void => {
    if (args[0] === 'update-ref' && lost++ === 0) throw new Failure('UNAVAILABLE', 'lost');
  };
  await using f = await createGitFixture({ [when]: lose });
  await f.test.git('branch', 'done');
  const expectedCommit = await f.test.git('rev-parse', 'HEAD');
  expect(await f.git.deleteBranch({ repo: f.repo, branch: 'done', expectedCommit })).toBe(true);
  expect(await f.git.branchExists(f.repo, 'done')).toBe(false);
  expect(lost).toBe(when === 'before' ? 2 : 1);
});

test('a branch is not deleted under a checkout, and a locked reference is a failure', async () => {
  await using f = await createGitFixture();
  const commit = await f.test.git('rev-parse', 'HEAD');
  expect(await f.git.deleteBranch({ repo: f.repo, branch: 'master', expectedCommit: commit })).toBe(false);
  await newBranch(f, 'linked');
  expect(await f.git.deleteBranch({ repo: f.repo, branch: 'linked', expectedCommit: commit })).toBe(false);
  await f.test.git('branch', 'held');
  await writeFile(join(f.test.path, '.git/refs/heads/held.lock'), '');
  await failureOf(f.git.deleteBranch({ repo: f.repo, branch: 'held', expectedCommit: commit }), 'TOOL_FAILED');
});

test('a detached or dirty main checkout stays as it is through the life of a worktree', async () => {
  await using f = await createGitFixture();
  const commit = await f.test.commit('second', { '.gitignore': 'ignored\n' });
  await f.test.git('checkout', '-q', '--detach', 'HEAD~1');
  await f.test.write('readme.txt', 'dirty\n');
  await f.test.write('ignored', 'x');
  await f.test.write('new.txt', 'new\n');
  await f.test.git('add', 'new.txt');
  const before = await f.test.fingerprint();
  const { path } = await newBranch(f, 'new', { base: 'master' });
  await f.test.commit('work', { 'work.txt': 'x' }, path);
  await f.git.diff({ worktreePath: path, baseCommit: commit, patch: true, maxPatchBytes: 1000 });
  await f.git.status(f.test.path);
  await (await f.git.removeWorktree({ repo: f.repo, path })).deleteFiles();
  const tip = await f.test.git('rev-parse', 'new');
  expect(await f.git.deleteBranch({ repo: f.repo, branch: 'new', expectedCommit: tip })).toBe(true);
  expect(await f.test.fingerprint()).toBe(before);
});
