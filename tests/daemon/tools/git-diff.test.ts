import { chmod, mkdir, rename, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { worktreeMethods } from '../../../schemas/worktree.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { createGitFixture } from './git-fixture.ts';

const manyLines = Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join('');
const oddNames = ['new\nline', 'quo"te', 'tab\there', 'ünï ☃', ' lead', 'trail ', ':colon', '-dash', 'back\\slash', '1\t2\tx', '💥'];
const whole = { patch: false, maxPatchBytes: 0 };

test('committed, staged, unstaged and untracked changes are told apart and summed up', async () => {
  await using f = await createGitFixture();
  const files = {
    'old.txt': manyLines,
    'gone.txt': 'x\n',
    'edit.txt': 'a\nb\n',
    'bin.dat': Buffer.from([0, 1, 2]),
    'mode.sh': 'x\n',
    'link.txt': 'to\n',
  };
  const baseCommit = await f.test.commit('base', files);
  const at = (file: string): string => join(f.test.path, file);
  await rename(at('old.txt'), at('renamed.txt'));
  await unlink(at('gone.txt'));
  await f.test.commit('one', { 'edit.txt': 'a\nB\nc\n', 'bin.dat': Buffer.from([0, 9]) });
  await unlink(at('link.txt'));
  await symlink('renamed.txt', at('link.txt'));
  const head = await f.test.commit('two');
  await f.test.write('staged.txt', 's\n');
  await f.test.git('add', 'staged.txt');
  await f.test.write('edit.txt', 'a\nB\n');
  await chmod(at('mode.sh'), 0o755);
  await f.test.write('dir/untracked.txt', 'u\n');
  const found = await f.git.diff({ worktreePath: f.test.path, baseCommit, patch: true, maxPatchBytes: 100_000 });
  expect(found).toMatchObject({ baseCommit, head, untracked: ['dir/untracked.txt'], patchTruncated: false });
  expect([...found.committed].sort((a, b) => a.path.localeCompare(b.path))).toEqual([
    { path: 'bin.dat', status: 'modified' },
    { path: 'edit.txt', status: 'modified', additions: 2, deletions: 1 },
    { path: 'gone.txt', status: 'deleted', additions: 0, deletions: 1 },
    { path: 'link.txt', status: 'typeChanged', additions: 1, deletions: 1 },
    { path: 'renamed.txt', from: 'old.txt', status: 'renamed', additions: 0, deletions: 0 },
  ]);
  expect(found.staged).toEqual([{ path: 'staged.txt', status: 'added', additions: 1, deletions: 0 }]);
  expect(found.unstaged).toEqual([
    { path: 'edit.txt', status: 'modified', additions: 0, deletions: 1 },
    { path: 'mode.sh', status: 'modified', additions: 0, deletions: 0 },
  ]);
  expect(found.summary).toEqual({ files: 7, additions: 3, deletions: 3, commits: 2 });
  expect(worktreeMethods['worktree.diff'].result.parse(found)).toEqual(found);
  // The patch alone makes the base into the working tree, but for the binary file.
  await f.test.git('worktree', 'add', '-q', '--detach', f.test.beside('check'), baseCommit);
  await f.test.write('../whole.patch', found.patch ?? '');
  await f.test.gitIn(f.test.beside('check'), 'apply', '--exclude=bin.dat', f.test.beside('whole.patch'));
  expect(await f.test.gitIn(f.test.beside('check'), 'status', '--porcelain')).toContain('renamed.txt');
});

test('odd file names survive in every list, also in renames', async () => {
  await using f = await createGitFixture();
  const unique = (name: string): string => manyLines.replaceAll('line', name);
  const baseCommit = await f.test.commit('base', Object.fromEntries(oddNames.map((name) => [`a/${name}`, unique(name)])));
  await mkdir(join(f.test.path, 'b'));
  for (const name of oddNames) await rename(join(f.test.path, 'a', name), join(f.test.path, 'b', name));
  await f.test.git('add', '--all');
  for (const name of oddNames) await f.test.write(name, 'x\n');
  const status = await f.git.status(f.test.path);
  expect([...status.untracked].sort()).toEqual([...oddNames].sort());
  const byPath = (list: readonly { path: string; from?: string | undefined }[]) => list.map(({ path, from }) => [from, path]).sort();
  const expected = oddNames.map((name) => [`a/${name}`, `b/${name}`]).sort();
  expect(byPath(status.staged)).toEqual(expected);
  const found = await f.git.diff({ worktreePath: f.test.path, baseCommit, ...whole });
  expect(byPath(found.staged)).toEqual(expected);
  expect(found.summary).toEqual({ files: oddNames.length, additions: 0, deletions: 0, commits: 0 });
  expect([...found.untracked].sort()).toEqual([...oddNames].sort());
  await f.test.git('add', '--all');
  await f.test.git('commit', '-qm', 'odd');
  for (const name of oddNames) await f.test.write(name, 'x\ny\n');
  const later = await f.git.diff({ worktreePath: f.test.path, baseCommit, ...whole });
  expect(later.committed).toHaveLength(2 * oddNames.length);
  expect(later.unstaged.map(({ path, additions }) => [path, additions]).sort()).toEqual(oddNames.map((name) => [name, 1]).sort());
});

test("the user's settings do not change what is read", async () => {
  await using f = await createGitFixture();
  const settings = {
    'diff.noprefix': 'true',
    'diff.mnemonicPrefix': 'true',
    'diff.external': '/bin/false',
    'diff.renames': 'false',
    'diff.relative': 'true',
    'color.ui': 'always',
    'core.quotePath': 'true',
    'status.showUntrackedFiles': 'no',
    'status.renames': 'false',
    'status.relativePaths': 'true',
    'log.showSignature': 'true',
    'log.decorate': 'full',
    'diff.submodule': 'log',
    'i18n.logOutputEncoding': 'latin1',
  };
  const baseCommit = await f.test.commit('base', { 'old.txt': manyLines });
  for (const [key, value] of Object.entries(settings)) await f.test.git('config', key, value);
  await f.test.git('mv', 'old.txt', 'neu ü.txt');
  const subject = 'Größe';
  const tip = await f.test.commit(subject);
  await f.test.write('u.txt', 'x');
  const found = await f.git.diff({ worktreePath: f.test.path, baseCommit, patch: true, maxPatchBytes: 10_000 });
  expect(found.committed).toEqual([{ path: 'neu ü.txt', from: 'old.txt', status: 'renamed', additions: 0, deletions: 0 }]);
  expect(found.untracked).toEqual(['u.txt']);
  expect(found.patch).toMatch(/^diff --git a\/old.txt "b\/neu/);
  expect(await f.git.commitsBeyond({ cwd: f.test.path, base: baseCommit, tip, limit: 9 })).toEqual([{ commit: tip, subject }]);
  expect(await f.git.recentCommits(f.test.path, 1)).toMatchObject([{ commit: tip, subject }]);
});

test('a conflict is listed once, among the unstaged', async () => {
  await using f = await createGitFixture();
  const baseCommit = await f.test.git('rev-parse', 'HEAD');
  await f.test.git('checkout', '-q', '-b', 'other');
  await f.test.commit('other', { 'readme.txt': 'other\n' });
  await f.test.git('checkout', '-q', 'master');
  await f.test.commit('mine', { 'readme.txt': 'mine\n' });
  await f.test.git('merge', 'other').catch(() => undefined);
  expect(await f.git.status(f.test.path)).toMatchObject({ conflicted: ['readme.txt'], staged: [], unstaged: [], clean: false });
  const found = await f.git.diff({ worktreePath: f.test.path, baseCommit, ...whole });
  expect(found.staged).toEqual([]);
  expect(found.unstaged).toMatchObject([{ path: 'readme.txt', status: 'conflicted' }]);
  expect(found.summary).toMatchObject({ files: 1, commits: 1 });
});

test('an untouched worktree has an empty diff, also when files were only touched', async () => {
  await using f = await createGitFixture();
  const baseCommit = await f.test.git('rev-parse', 'HEAD');
  await f.test.write('readme.txt', 'hello\n');
  const found = await f.git.diff({ worktreePath: f.test.path, baseCommit, patch: true, maxPatchBytes: 100 });
  const empty = { committed: [], staged: [], unstaged: [], untracked: [] };
  const summary = { files: 0, additions: 0, deletions: 0, commits: 0 };
  expect(found).toEqual({ baseCommit, head: baseCommit, ...empty, summary, patch: '', patchTruncated: false });
});

test('a long patch ends with a whole line inside the limit', async () => {
  await using f = await createGitFixture();
  const baseCommit = await f.test.git('rev-parse', 'HEAD');
  await f.test.commit('big', { 'big.txt': 'ü☃💥\n'.repeat(100_000), 'more.txt': manyLines });
  const ask = (maxPatchBytes: number) => f.git.diff({ worktreePath: f.test.path, baseCommit, patch: true, maxPatchBytes });
  const full = (await ask(10_000_000)).patch ?? '';
  for (const maxPatchBytes of [1000, 100_000, Buffer.byteLength(full) - 1]) {
    const { patch = '', patchTruncated } = await ask(maxPatchBytes);
    expect(patchTruncated).toBe(true);
    expect(Buffer.byteLength(patch)).toBeLessThanOrEqual(maxPatchBytes);
    expect(Buffer.byteLength(patch)).toBeGreaterThan(maxPatchBytes - 100);
    expect(patch.endsWith('\n') && full.startsWith(patch)).toBe(true);
  }
  expect((await ask(Buffer.byteLength(full))).patchTruncated).toBe(false);
});

test('a diff needs a commit, a checkout and a base that exist', async () => {
  await using f = await createGitFixture({ empty: true });
  const diff = (worktreePath: string, baseCommit: string) => f.git.diff({ worktreePath, baseCommit, ...whole });
  await failureOf(diff(f.test.path, 'f'.repeat(40)), 'PRECONDITION');
  await f.test.commit('first');
  await failureOf(diff(f.test.path, 'f'.repeat(40)), 'TOOL_FAILED');
  await rm(f.test.path, { recursive: true });
  await failureOf(diff(f.test.path, 'f'.repeat(40)), 'NOT_FOUND');
});

test('status knows empty repositories, detached heads and files only meant to be added', async () => {
  await using f = await createGitFixture({ empty: true });
  const lists = { staged: [], unstaged: [], untracked: [], conflicted: [] };
  expect(await f.git.status(f.test.path)).toEqual({ branch: 'master', ...lists, clean: true });
  const head = await f.test.commit('first', { 'a.txt': 'a\n' });
  await f.test.git('checkout', '-q', '--detach');
  await f.test.write('meant.txt', 'x\n');
  await f.test.git('add', '-N', 'meant.txt');
  expect(await f.git.status(f.test.path)).toEqual({ head, ...lists, unstaged: [{ path: 'meant.txt', status: 'added' }], clean: false });
});
