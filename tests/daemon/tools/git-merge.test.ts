import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MergeMode } from '../../../daemon/tools/git/merge.ts';
import { Failure } from '../../../schemas/errors.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { createGitFixture, type GitFixture, newBranch } from './git-fixture.ts';

async function compute(f: GitFixture, mode: MergeMode, more: { branch?: string; into?: string; message?: string } = {}): Promise<string> {
  const { branch = 'work', into = 'base', message } = more;
  const [tip, before] = await Promise.all([f.test.git('rev-parse', branch), f.test.git('rev-parse', into)]);
  const path = f.test.beside('merges/one');
  try {
    return await f.git.computeMerge({ repo: f.repo, path, branch, tip, into, before, mode, message, inTurn: (work) => work() });
  } finally {
    expect(existsSync(path)).toBe(false);
    expect(await f.test.git('worktree', 'list', '--porcelain')).not.toContain('merges');
  }
}

/** `base` with a commit of its own and `work` with two, which touch other files. */
async function diverged(f: GitFixture): Promise<{ path: string; base: string; work: string }> {
  await f.test.git('branch', 'base');
  const { path } = await newBranch(f, 'work', { base: 'base' });
  await f.test.commit('work one', { 'one.txt': '1\n' }, path);
  const work = await f.test.commit('work two', { 'two.txt': '2\n' }, path);
  await f.test.git('worktree', 'add', '-q', f.test.beside('b'), 'base');
  const base = await f.test.commit('base', { 'base.txt': 'b\n' }, f.test.beside('b'));
  await f.test.git('worktree', 'remove', f.test.beside('b'));
  return { path, base, work };
}

const filesOf = (f: GitFixture, commit: string): Promise<string> => f.test.git('ls-tree', '-r', '--name-only', commit);

test('no-ff makes a merge commit of both, squash and rebase make a line', async () => {
  await using f = await createGitFixture();
  const { base, work } = await diverged(f);
  const main = await f.test.fingerprint();
  const refs = await f.test.git('for-each-ref');
  const merged = await compute(f, 'no-ff', { message: 'joined\n\n# and more' });
  expect(await f.test.git('log', '-1', '--format=%P', merged)).toBe(`${base} ${work}`);
  expect(await f.test.git('log', '-1', '--format=%B', merged)).toContain('joined');
  const squashed = await compute(f, 'squash');
  expect(await f.test.git('log', '-1', '--format=%P %s', squashed)).toBe(`${base} Squash branch 'work' into base`);
  const rebased = await compute(f, 'rebase');
  expect(await f.test.git('log', '--format=%s', `${base}..${rebased}`)).toBe('work two\nwork one');
  for (const commit of [merged, squashed, rebased]) expect(await filesOf(f, commit)).toBe('base.txt\none.txt\nreadme.txt\ntwo.txt');
  await failureOf(compute(f, 'ff'), 'PRECONDITION');
  expect(await f.test.git('for-each-ref')).toBe(refs);
  expect(await f.test.fingerprint()).toBe(main);
});

test('ff and rebase of a branch that is only ahead need no new commit; what is merged already is up to date', async () => {
  await using f = await createGitFixture();
  await f.test.git('branch', 'base');
  const { path } = await newBranch(f, 'work', { base: 'base' });
  const tip = await f.test.commit('one', { 'one.txt': '1' }, path);
  expect(await compute(f, 'ff')).toBe(tip);
  expect(await compute(f, 'rebase')).toBe(tip);
  expect(await compute(f, 'no-ff')).not.toBe(tip);
  const before = await f.test.git('rev-parse', 'work');
  for (const mode of ['ff', 'no-ff', 'squash', 'rebase'] as const)
    expect(await compute(f, mode, { branch: 'base', into: 'work' })).toBe(before);
});

test('a squash of what came by another way is up to date', async () => {
  await using f = await createGitFixture();
  const { base } = await diverged(f);
  const squashed = await compute(f, 'squash');
  await f.git.moveBranch({ repo: f.repo, branch: 'base', from: base, to: squashed, reason: 'test' });
  expect(await compute(f, 'squash')).toBe(squashed);
});

test('a conflict names its files, in every mode, and leaves nothing', async () => {
  await using f = await createGitFixture();
  const { path } = await diverged(f);
  await f.test.commit('clash', { 'base.txt': 'other\n', 'sub/ü.txt': 'x\n' }, path);
  const refs = await f.test.git('for-each-ref');
  const status = await f.test.gitIn(path, 'status', '--porcelain=v2', '--branch');
  await f.test.git('config', 'rerere.enabled', 'true');
  for (const mode of ['no-ff', 'squash', 'rebase'] as const) {
    expect((await failureOf(compute(f, mode), 'GIT_CONFLICT')).details).toEqual({ files: ['base.txt'] });
  }
  expect(existsSync(join(f.test.path, '.git', 'rr-cache'))).toBe(false);
  expect(await f.test.git('for-each-ref')).toBe(refs);
  expect(await f.test.gitIn(path, 'status', '--porcelain=v2', '--branch')).toBe(status);
});

test('settings and hooks of the user that would do more are left out', async () => {
  await using f = await createGitFixture();
  await diverged(f);
  await f.test.git('branch', 'stacked', 'work~1');
  const refs = await f.test.git('for-each-ref');
  await f.test.git('config', 'rebase.updateRefs', 'true');
  await f.test.git('config', 'merge.ff', 'false');
  for (const hook of ['post-checkout', 'pre-merge-commit', 'post-merge', 'pre-rebase', 'commit-msg']) {
    await f.test.hook(hook, `echo ${hook} >> ${f.test.beside('hooks')}; exit 1`);
  }
  for (const mode of ['no-ff', 'squash', 'rebase'] as const) await compute(f, mode);
  expect(existsSync(f.test.beside('hooks'))).toBe(false);
  expect(await f.test.git('for-each-ref')).toBe(refs);
});

test('a branch is moved only from where it was seen', async () => {
  await using f = await createGitFixture();
  const { base, work } = await diverged(f);
  const first = await f.test.git('rev-parse', 'master');
  const failure = await failureOf(f.git.moveBranch({ repo: f.repo, branch: 'base', from: first, to: work, reason: 'r' }), 'CONFLICT');
  expect(failure.details).toEqual({ branch: 'base', expected: first, actual: base });
  await f.git.moveBranch({ repo: f.repo, branch: 'base', from: base, to: work, reason: 'r' });
  expect(await f.test.git('rev-parse', 'base')).toBe(work);
});

test.each(['before', 'after'] as const)('a move that was lost %s git made it is told as it is, and not made again', async (when) => {
  let lost = 0;
  const lose = ([verb]: readonly string[]): void => {
    if (verb !== 'update-ref') return;
    lost += 1;
    throw new Failure('UNAVAILABLE', 'lost');
  };
  await using f = await createGitFixture({ [when]: lose });
  const { base, work } = await diverged(f);
  const move = f.git.moveBranch({ repo: f.repo, branch: 'base', from: base, to: work, reason: 'r' });
  if (when === 'before') expect(await failureOf(move, 'UNAVAILABLE')).toMatchObject({ retryable: true });
  else await move;
  expect([lost, await f.test.git('rev-parse', 'base')]).toEqual([1, when === 'before' ? base : work]);
});

test('a commit takes what is staged, or everything, with the hooks and the identity of the user', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.hook('pre-commit', `echo ran >> ${f.test.beside('hooks')}`);
  await f.test.write('a.txt', 'a\n', path);
  await f.test.write('b.txt', 'b\n', path);
  await f.test.gitIn(path, 'add', 'a.txt');
  const one = await f.git.commitWork({ worktreePath: path, message: '# one\n\nbody', all: false });
  expect(one).toEqual({ commit: await f.test.git('rev-parse', 'work'), branch: 'work', files: 1 });
  expect(await f.test.git('log', '-1', '--format=%an %B', 'work')).toBe('Test # one\n\nbody\n');
  expect((await f.git.commitWork({ worktreePath: path, message: 'two', all: true })).files).toBe(1);
  expect(existsSync(f.test.beside('hooks'))).toBe(true);
  for (const all of [true, false]) {
    const empty = await failureOf(f.git.commitWork({ worktreePath: path, message: 'three', all }), 'PRECONDITION');
    expect(empty.details).toEqual({ reason: 'nothing_staged' });
  }
  await f.test.hook('pre-commit', 'echo no >&2; exit 1');
  await f.test.write('c.txt', 'c\n', path);
  const refused = await failureOf(f.git.commitWork({ worktreePath: path, message: 'three', all: true }), 'TOOL_FAILED');
  expect(refused.details).toMatchObject({ stderrTail: expect.stringContaining('no') });
});

test('a commit refuses conflicts and messages that are none', async () => {
  await using f = await createGitFixture();
  const { path } = await newBranch(f, 'work');
  await f.test.commit('ours', { 'readme.txt': 'ours\n' }, path);
  await f.test.commit('theirs', { 'readme.txt': 'theirs\n' });
  await expect(f.test.gitIn(path, 'merge', 'master')).rejects.toThrow();
  const failure = await failureOf(f.git.commitWork({ worktreePath: path, message: 'x', all: true }), 'GIT_CONFLICT');
  expect(failure.details).toEqual({ files: ['readme.txt'] });
  for (const message of ['', ' \nx', 'x'.repeat(201), 'a\nb', 'a\0b']) {
    await failureOf(f.git.commitWork({ worktreePath: path, message, all: false }), 'INVALID_PARAMS');
  }
  await writeFile(join(path, 'readme.txt'), 'both\n');
  await f.test.gitIn(path, 'add', '.');
  await f.git.commitWork({ worktreePath: path, message: 'x'.repeat(200), all: false });
});
