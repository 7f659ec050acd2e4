import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { treePrint } from '../../helpers/tree-print.ts';
import { createGitFixture, type GitFixture, newBranch } from './git-fixture.ts';

const ref = 'refs/coppice/removed/wt_1';

async function save(f: GitFixture, path: string, branch: string, ignored: string[] = []) {
  const scratchPath = f.test.beside('scratch');
  await mkdir(scratchPath, { recursive: true });
  const baseCommit = await f.test.git('rev-parse', 'master');
  const worktree = { id: 'wt_1', path, branch, base: 'master', baseCommit };
  const saved = await f.git.saveSnapshot({ repo: f.repo, worktree, ref, ignored, leases: [], scratchPath });
  await rm(scratchPath, { recursive: true });
  return saved;
}

async function removeAll(f: GitFixture, path: string, branch?: string): Promise<void> {
  await (await f.git.removeWorktree({ repo: f.repo, path })).deleteFiles();
  if (branch) await f.test.git('branch', '-D', branch);
  // What only the snapshot keeps must be kept.
  await f.test.git('reflog', 'expire', '--expire=now', '--all');
  await f.test.git('gc', '--quiet', '--prune=now');
}

test('everything in a worktree comes back: bytes, modes, links, index, ignored files, branch and its settings', async () => {
  await using f = await createGitFixture();
  const files = {
    'a.txt': 'a\n',
    'b.txt': 'b\n',
    'dir/c.txt': 'c\n',
    'gone.txt': 'x\n',
    'half.txt': '1\n',
    '.gitignore': '.env\nbuild/\n',
  };
  await f.test.commit('files', files);
  const main = await f.test.fingerprint();
  const { path } = await newBranch(f, 'work');
  const tip = await f.test.commit('unmerged', { 'own.txt': 'own\n' }, path);
  await f.test.git('config', 'branch.work.description', 'two\nlines');
  await f.test.write('a.txt', 'unstaged\n', path);
  await f.test.write('b.txt', 'staged\n', path);
  await f.test.write('added.bin', randomBytes(300_000), path);
  await f.test.write('half.txt', '2\n', path);
  await f.test.gitIn(path, 'add', 'b.txt', 'added.bin', 'half.txt');
  await f.test.gitIn(path, 'update-index', '--assume-unchanged', 'own.txt');
  await f.test.write('half.txt', '3\n', path);
  await f.test.write('own.txt', 'hidden change\n', path);
  await unlink(join(path, 'gone.txt'));
  await f.test.write('new/deep/run.sh', '#!/bin/sh\n', path);
  await chmod(join(path, 'new/deep/run.sh'), 0o755);
  await chmod(join(path, 'dir/c.txt'), 0o600);
  await f.test.write('odd "name"\n\\ü', 'odd', path);
  await f.test.write('intended.txt', 'i\n', path);
  await f.test.gitIn(path, 'add', '--intent-to-add', 'intended.txt');
  await symlink('../nowhere\n', join(path, 'link'));
  await symlink('dir', join(path, 'dirlink'));
  await f.test.write('.env', 'SECRET=1\n', path);
  await chmod(join(path, '.env'), 0o600);
  await f.test.write('empty', '', path);
  const before = await treePrint(f.test, path);

  const saved = await save(f, path, 'work', ['.env']);

  expect(await treePrint(f.test, path)).toEqual(before);
  expect(saved).toMatchObject({ branchTip: tip });
  await removeAll(f, path, 'work');
  expect(await f.git.findSnapshot(f.repo, ref)).toEqual(saved);
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await treePrint(f.test, path)).toEqual(before);
  expect(await f.git.unlockRestored(f.repo, path)).toBe(true);
  expect(await f.test.git('rev-parse', 'work')).toBe(tip);
  expect(await f.test.git('config', 'branch.work.description')).toBe('two\nlines');
  expect(await f.test.fingerprint()).toBe(main);
  expect(await f.test.git('stash', 'list')).toBe('');
  await f.git.deleteSnapshot(f.repo, ref);
  expect(await f.git.findSnapshot(f.repo, ref)).toBeUndefined();
});

test('the commit can be read without coppice: its tree is what lay on the disk', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.write('readme.txt', 'changed\n', path);
  await f.test.write('new.txt', 'new\n', path);
  const { commit, files } = await save(f, path, 'work');
  expect(files).toBe(2);
  expect(await f.test.git('show', `${ref}:readme.txt`)).toBe('changed');
  expect(await f.test.git('show', `${ref}:new.txt`)).toBe('new');
  expect(await f.test.git('rev-parse', `${commit}^1`)).toBe(await f.test.git('rev-parse', 'work'));
  const manifest = JSON.parse(await f.test.git('show', `${commit}^3:manifest.json`));
  expect(manifest).toMatchObject({ branch: 'work', path, base: 'master', indexTree: await f.test.git('rev-parse', `${commit}^2^{tree}`) });
});

test('a merge that is in conflict comes back with all its sides, and can be ended', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.commit('ours', { 'readme.txt': 'ours\n' }, path);
  await f.test.commit('theirs', { 'readme.txt': 'theirs\n', 'theirs.txt': 't\n' });
  await expect(f.test.gitIn(path, 'merge', 'master')).rejects.toThrow();
  const before = await treePrint(f.test, path);
  await save(f, path, 'work');
  await removeAll(f, path, 'work');
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await treePrint(f.test, path)).toEqual(before);
  await f.test.write('readme.txt', 'both\n', path);
  await f.test.gitIn(path, 'add', '.');
  await f.test.gitIn(path, 'commit', '--quiet', '--no-edit');
  expect(await f.test.gitIn(path, 'rev-list', '--parents', '-1', 'HEAD')).toContain(await f.test.git('rev-parse', 'master'));
});

test('a detached HEAD, a rebase under way and the log of HEAD keep their commits', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.commit('one', { 'readme.txt': 'one\n' }, path);
  await f.test.commit('two', { 'two.txt': 'two\n' }, path);
  await f.test.commit('main', { 'readme.txt': 'main\n' });
  await expect(f.test.gitIn(path, 'rebase', 'master')).rejects.toThrow();
  const before = await treePrint(f.test, path);
  await save(f, path, 'work');
  await removeAll(f, path, 'work');
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await treePrint(f.test, path)).toEqual(before);
  await f.test.gitIn(path, 'rebase', '--abort');
  expect(await f.test.gitIn(path, 'log', '--format=%s', 'master..')).toBe('two\none');
});

test('bytes that a conversion would change come back as they were', async () => {
  await using f = await createGitFixture();
  await f.test.commit('attributes', { '.gitattributes': '*.txt text eol=lf\n*.id ident\n', 'k.id': '$Id$\n', 'crlf.txt': 'a\n' });
  const { path } = await newBranch(f, 'work');
  await f.test.write('crlf.txt', 'a\r\nb\n', path);
  await f.test.write('new.txt', 'x\r\n', path);
  const before = await treePrint(f.test, path);
  expect(before.files['k.id']).toBeDefined();
  await save(f, path, 'work');
  await removeAll(f, path);
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await treePrint(f.test, path)).toEqual(before);
});

test('unchanged files behind a filter are checked out again, changed ones are saved as they lie there', async () => {
  await using f = await createGitFixture();
  await f.test.git('config', 'filter.rot.clean', 'tr a-z b-za');
  await f.test.git('config', 'filter.rot.smudge', 'tr b-za a-z');
  await f.test.commit('filtered', { '.gitattributes': '*.rot filter=rot\n', 'same.rot': 'abc\n', 'changed.rot': 'abc\n' });
  const { path } = await newBranch(f, 'work');
  await f.test.write('changed.rot', 'xyz\n', path);
  const before = await treePrint(f.test, path);
  await save(f, path, 'work');
  expect(await f.test.git('show', `${ref}:same.rot`)).toBe('bcd');
  expect(await f.test.git('show', `${ref}:changed.rot`)).toBe('xyz');
  await removeAll(f, path);
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await treePrint(f.test, path)).toEqual(before);
});

test('files and folders that took each other’s place come back', async () => {
  await using f = await createGitFixture();
  await f.test.commit('files', { 'd/one.txt': '1\n', 'd/two.txt': '2\n', 'file.txt': 'f\n', 'e/x.txt': 'x\n' });
  const { path } = await newBranch(f, 'work');
  await rename(join(path, 'd'), join(path, 'moved'));
  await symlink('moved', join(path, 'd'));
  await unlink(join(path, 'file.txt'));
  await f.test.write('file.txt/inside.txt', 'i\n', path);
  await rm(join(path, 'e'), { recursive: true });
  await f.test.write('e', 'now a file\n', path);
  const before = await treePrint(f.test, path);
  await save(f, path, 'work');
  await removeAll(f, path);
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await treePrint(f.test, path)).toEqual(before);
});

test('no hook runs while saving and restoring', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.write('new.txt', 'n\n', path);
  for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-commit', 'post-commit']) {
    await f.test.hook(hook, `echo ${hook} >> ${f.test.beside('hooks')}`);
  }
  await save(f, path, 'work');
  await (await f.git.removeWorktree({ repo: f.repo, path })).deleteFiles();
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect((await readdir(f.test.directory)).sort()).toEqual(['home', 'repo', 'w']);
});

test('a taken place, a moved branch and a lost reference are refused, and nothing is left', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  const tip = await f.test.commit('one', { 'one.txt': '1' }, path);
  await save(f, path, 'work');
  await removeAll(f, path, 'work');
  await mkdir(path);
  await failureOf(f.git.restoreSnapshot({ repo: f.repo, ref }), 'ALREADY_EXISTS');
  await rm(path, { recursive: true });
  await f.test.git('branch', 'work', 'master');
  const moved = await failureOf(f.git.restoreSnapshot({ repo: f.repo, ref }), 'CONFLICT');
  expect(moved.details).toMatchObject({ expected: tip, actual: await f.test.git('rev-parse', 'master') });
  await f.test.git('branch', '-D', 'work');
  const gone = await failureOf(f.git.restoreSnapshot({ repo: f.repo, ref: `${ref}0` }), 'PRECONDITION');
  expect(gone.details).toMatchObject({ reason: 'snapshot_missing' });
  expect((await readdir(f.test.directory)).sort()).toEqual(['home', 'repo']);
  expect(await f.test.git('branch', '--format=%(refname:short)')).toBe('master');
});

test('a restore that a dead daemon left half-made is begun anew', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.write('new.txt', 'n\n', path);
  const before = await treePrint(f.test, path);
  await save(f, path, 'work');
  await removeAll(f, path);
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  await writeFile(join(path, 'new.txt'), 'half');
  await unlink(join(path, 'readme.txt'));
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await treePrint(f.test, path)).toEqual(before);
});

test('repositories inside with work of their own are named', async () => {
  await using f = await createGitFixture();
  await f.test.gitIn(f.test.directory, 'init', '--quiet', 'lib');
  await f.test.commit('lib', { 'lib.txt': 'l' }, f.test.beside('lib'));
  await f.test.git('submodule', '--quiet', 'add', f.test.beside('lib'), 'lib');
  await f.test.commit('with lib');
  const { path } = await newBranch(f, 'work');
  expect(await f.git.repositoriesAtRisk({ worktreePath: path })).toEqual([]);
  await f.test.gitIn(join(path, 'lib'), 'checkout', '--quiet', '-b', 'own');
  await f.test.commit('own', { 'own.txt': 'o' }, join(path, 'lib'));
  expect(await f.git.repositoriesAtRisk({ worktreePath: path })).toEqual(['lib']);
  await f.test.gitIn(join(path, 'lib'), 'push', '--quiet', 'origin', 'own');
  expect(await f.git.repositoriesAtRisk({ worktreePath: path })).toEqual([]);
  await f.test.gitIn(path, 'init', '--quiet', 'nested');
  expect(await f.git.repositoriesAtRisk({ worktreePath: path })).toEqual(['nested']);
});

test('a submodule is checked out again', async () => {
  await using f = await createGitFixture();
  await f.test.gitIn(f.test.directory, 'init', '--quiet', 'lib');
  await f.test.commit('lib', { 'lib.txt': 'l' }, f.test.beside('lib'));
  await f.test.git('submodule', '--quiet', 'add', f.test.beside('lib'), 'lib');
  await f.test.commit('with lib');
  const { path } = await newBranch(f, 'work');
  await f.test.write('new.txt', 'n\n', path);
  const before = await treePrint(f.test, path);
  await save(f, path, 'work');
  await removeAll(f, path);
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  const after = await treePrint(f.test, path);
  expect(after.status).toBe(before.status);
  expect(Object.keys(after.files)).toEqual(Object.keys(before.files));
});

test('a snapshot that is not needed goes; one of another directory at the same path stays, also through the next', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.write('first.txt', '1\n', path);
  await save(f, path, 'work');
  expect(await f.git.deleteUnneededSnapshot(f.repo, ref, path)).toBe(true);
  const first = await save(f, path, 'work');
  await (await f.git.removeWorktree({ repo: f.repo, path })).deleteFiles();
  await f.test.git('worktree', 'add', '-q', path, 'work');
  expect(await f.git.deleteUnneededSnapshot(f.repo, ref, path)).toBe(false);
  await save(f, path, 'work');
  expect(await f.test.git('merge-base', '--is-ancestor', first.commit, ref)).toBe('');
  await removeAll(f, path);
  await f.git.restoreSnapshot({ repo: f.repo, ref });
  expect(await f.git.deleteUnneededSnapshot(f.repo, ref, path)).toBe(true);
});
