import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { appears } from '../../helpers/until.ts';
import { anyTurn, createGitFixture, type GitFixture, newBranch } from './git-fixture.ts';

/** What an addition could leave behind. */
async function traces(f: GitFixture): Promise<unknown> {
  const admin = await readdir(join(f.test.path, '.git/worktrees')).catch(() => []);
  const [branches, list] = await Promise.all([f.test.git('for-each-ref', 'refs/heads'), f.test.git('worktree', 'list', '--porcelain')]);
  return { admin, branches, list, beside: (await readdir(f.test.directory)).sort() };
}

test('a worktree on a new branch costs one git, starts at the base and has no upstream', async () => {
  await using f = await createGitFixture();
  const before = await f.test.fingerprint();
  const commit = await f.test.git('rev-parse', 'HEAD');
  expect(await newBranch(f, 'feature/one')).toEqual({ path: f.test.beside('w'), branch: 'feature/one', commit });
  expect(f.calls.length).toBe(1);
  expect(await f.git.status(f.test.beside('w'))).toMatchObject({ head: commit, branch: 'feature/one', clean: true });
  await f.test.gitIn(f.test.beside('w'), 'rev-parse', '@{u}').then(
    () => expect.unreachable(),
    () => undefined,
  );
  expect(await f.test.fingerprint()).toBe(before);
});

test('the base may be any commit-ish, and a remote branch does not become the upstream', async () => {
  await using f = await createGitFixture();
  const first = await f.test.git('rev-parse', 'HEAD');
  await f.test.git('update-ref', 'refs/remotes/origin/topic', first);
  await f.test.git('remote', 'add', 'origin', f.test.path);
  await f.test.commit('second');
  expect((await newBranch(f, 'a', { base: 'origin/topic' })).commit).toBe(first);
  expect((await newBranch(f, 'b', { base: 'master~1', path: f.test.beside('w2') })).commit).toBe(first);
  expect(await f.test.git('config', '--get-regexp', '^branch').catch(() => '')).toBe('');
});

test('an existing branch is checked out as it is, also beside a tag of its name', async () => {
  await using f = await createGitFixture();
  const first = await f.test.git('rev-parse', 'HEAD');
  await f.test.git('tag', 'topic', first);
  await f.test.git('checkout', '-q', '-b', 'topic');
  const second = await f.test.commit('second');
  await f.test.git('checkout', '-q', 'master');
  const added = await f.git.addWorktree({ repo: f.repo, path: f.test.beside('w'), branch: 'topic', createBranch: false }, anyTurn);
  expect(added.commit).toBe(second);
  expect(await f.git.status(added.path)).toMatchObject({ head: second, branch: 'topic', clean: true });
});

test('a branch checked out elsewhere is refused, naming where', async () => {
  await using f = await createGitFixture();
  await newBranch(f, 'topic');
  const before = await traces(f);
  const again = { repo: f.repo, path: f.test.beside('w2'), branch: 'topic' };
  for (const createBranch of [true, false]) {
    const failure = await failureOf(f.git.addWorktree({ ...again, createBranch }, anyTurn), 'ALREADY_EXISTS');
    expect(failure.message).toContain(f.test.beside('w'));
    expect(failure.details).toMatchObject({ checkedOutAt: f.test.beside('w') });
  }
  await failureOf(f.git.addWorktree({ ...again, branch: 'master', createBranch: false }, anyTurn), 'ALREADY_EXISTS');
  expect(await traces(f)).toEqual(before);
});

test('existing branches, missing branches, bad names and bad bases are told apart', async () => {
  await using f = await createGitFixture();
  await f.test.git('branch', 'topic');
  const before = await traces(f);
  await failureOf(newBranch(f, 'topic'), 'ALREADY_EXISTS');
  await failureOf(newBranch(f, 'a..b'), 'INVALID_PARAMS');
  await failureOf(newBranch(f, 'new', { base: 'nowhere' }), 'NOT_FOUND');
  await failureOf(newBranch(f, 'new', { base: 'f'.repeat(40) }), 'TOOL_FAILED');
  const missing = f.git.addWorktree({ repo: f.repo, path: f.test.beside('w'), branch: 'topci', createBranch: false }, anyTurn);
  expect((await failureOf(missing, 'NOT_FOUND')).details).toMatchObject({ suggestions: ['topic'] });
  expect((await failureOf(newBranch(f, 'topic/below'), 'ALREADY_EXISTS')).details).toMatchObject({ branch: 'topic' });
  await f.test.git('branch', 'deep/er');
  expect((await failureOf(newBranch(f, 'deep'), 'ALREADY_EXISTS')).details).toMatchObject({ branch: 'deep/er' });
  await f.test.git('branch', '-D', 'deep/er');
  expect(await traces(f)).toEqual(before);
});

test('an empty repository has nothing to start from', async () => {
  await using f = await createGitFixture({ empty: true });
  expect((await failureOf(newBranch(f, 'new'), 'PRECONDITION')).details).toMatchObject({ reason: 'no_base' });
});

test('what is at the path already is left alone', async () => {
  await using f = await createGitFixture();
  await f.test.write('keep.txt', 'mine', f.test.beside('w'));
  await failureOf(newBranch(f, 'new'), 'ALREADY_EXISTS');
  expect(await readdir(f.test.beside('w'))).toEqual(['keep.txt']);
  await writeFile(f.test.beside('file'), '');
  const before = await traces(f);
  await failureOf(newBranch(f, 'new', { path: f.test.beside('file/w') }), 'TOOL_FAILED');
  expect(await traces(f)).toEqual(before);
});

test('a failing hook leaves no directory, no record and no branch', async () => {
  await using f = await createGitFixture();
  await f.test.hook('post-checkout', 'echo junk > junk.txt; echo "the hook says no" >&2; exit 3');
  await f.test.git('branch', 'old');
  const before = await traces(f);
  const main = await f.test.fingerprint();
  const failure = await failureOf(newBranch(f, 'new'), 'TOOL_FAILED');
  expect(failure.details).toMatchObject({ tool: 'git', exitCode: 3, stderrTail: expect.stringContaining('the hook says no') });
  await failureOf(
    f.git.addWorktree({ repo: f.repo, path: f.test.beside('w'), branch: 'old', createBranch: false }, anyTurn),
    'TOOL_FAILED',
  );
  expect(await traces(f)).toEqual(before);
  expect(await f.test.fingerprint()).toBe(main);
});

test('a cancelled addition leaves nothing', async () => {
  await using f = await createGitFixture();
  const before = await traces(f);
  const control = new AbortController();
  // The hook says when the checkout stands; then it would wait for long.
  await f.test.hook('post-checkout', `touch "${f.test.beside('home/reached')}"; exec sleep 20`);
  const adding = failureOf(newBranch(f, 'new', { signal: control.signal }), 'CANCELLED');
  await appears(f.test.beside('home/reached'));
  control.abort();
  await adding;
  expect(await traces(f)).toEqual(before);
});

test('a checkout cancelled in its middle does not go on behind our back', async () => {
  await using f = await createGitFixture();
  // The filter holds the checkout, a child of git's child, until the test has cancelled it; then it would write on.
  await f.test.git('config', 'filter.slow.smudge', `touch "${f.test.beside('home/reached')}"; sleep 20; cat`);
  await f.test.commit('slow', { '.gitattributes': 'big.txt filter=slow\n', 'big.txt': 'x\n' });
  const before = await traces(f);
  const control = new AbortController();
  const adding = failureOf(newBranch(f, 'new', { signal: control.signal }), 'CANCELLED');
  await appears(f.test.beside('home/reached'));
  control.abort();
  await adding;
  expect(await traces(f)).toEqual(before);
  const living = await Promise.all((await readdir('/proc')).map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));
  expect(living.filter((environment) => environment.includes(f.test.beside('w')))).toEqual([]);
});

test('submodules come along, also nested ones', async () => {
  await using f = await createGitFixture();
  await using inner = await createGitFixture();
  await using innermost = await createGitFixture();
  await inner.test.git('submodule', '--quiet', 'add', innermost.test.path, 'nested');
  await inner.test.commit('nested');
  await f.test.git('submodule', '--quiet', 'add', inner.test.path, 'lib');
  await f.test.commit('with submodule');
  const before = await f.test.fingerprint();
  const { path } = await newBranch(f, 'new');
  expect(await readdir(join(path, 'lib'))).toContain('readme.txt');
  expect(await readdir(join(path, 'lib/nested'))).toContain('readme.txt');
  expect((await f.git.status(path)).clean).toBe(true);
  await f.test.write('lib/readme.txt', 'changed\n', path);
  expect(await f.git.status(path)).toMatchObject({ clean: false, unstaged: [{ path: 'lib', status: 'modified' }] });
  await (await f.git.removeWorktree({ repo: f.repo, path })).deleteFiles();
  expect(await readdir(f.test.directory)).not.toContain('w');
  expect(await f.test.fingerprint()).toBe(before);
});

test('a submodule that cannot be fetched takes the whole addition back', async () => {
  await using f = await createGitFixture();
  {
    await using gone = await createGitFixture();
    await f.test.git('submodule', '--quiet', 'add', gone.test.path, 'lib');
    await f.test.commit('with submodule');
  }
  const before = await traces(f);
  await failureOf(newBranch(f, 'new'), 'TOOL_FAILED');
  expect(await traces(f)).toEqual(before);
});

test('a half-made worktree of a dead daemon is rolled back; a used one and a foreign directory are not', async () => {
  await using f = await createGitFixture();
  const before = await traces(f);
  const { path, commit } = await newBranch(f, 'new');
  const addition = { repo: f.repo, path, branch: 'new', expectedCommit: commit };
  await f.test.write('work.txt', 'work', path);
  expect(await f.git.rollBackWorktree(addition)).toBe(false);
  expect(await readdir(path)).toContain('work.txt');
  // This is how git marks a worktree that it is still making.
  await writeFile(join(f.test.path, '.git/worktrees/w/locked'), 'initializing');
  expect(await f.git.rollBackWorktree(addition)).toBe(true);
  expect(await traces(f)).toEqual(before);
  await newBranch(f, 'new');
  expect(await f.git.rollBackWorktree(addition)).toBe(true);
  expect(await f.git.rollBackWorktree(addition)).toBe(true);
  expect(await traces(f)).toEqual(before);
  await mkdir(path);
  expect(await f.git.rollBackWorktree(addition)).toBe(false);
  expect(await readdir(f.test.directory)).toContain('w');
});
