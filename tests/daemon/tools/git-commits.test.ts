import { expect, test } from 'vitest';
import { createGitFixture, type GitFixture } from './git-fixture.ts';

/** A branch `topic` with two commits beyond master; master is checked out. */
async function withTopic(f: GitFixture): Promise<{ baseCommit: string; one: string; tip: string }> {
  const baseCommit = await f.test.git('rev-parse', 'HEAD');
  await f.test.git('checkout', '-q', '-b', 'topic');
  const one = await f.test.commit('one', { 'one.txt': '1\n' });
  const tip = await f.test.commit('two', { 'two.txt': '2\n' });
  await f.test.git('checkout', '-q', 'master');
  return { baseCommit, one, tip };
}

const askTopic = (f: GitFixture, baseCommit: string, tip: string) =>
  f.git.isMergedOrPushed({ repo: f.repo, branch: 'topic', tip, baseCommit });

test('commits beyond a base come newest first, counted and limited', async () => {
  await using f = await createGitFixture();
  const { baseCommit, one, tip } = await withTopic(f);
  const range = { cwd: f.test.path, base: baseCommit, tip };
  const [first, second] = [
    { commit: one, subject: 'one' },
    { commit: tip, subject: 'two' },
  ];
  expect(await f.git.commitsBeyond({ ...range, limit: 10 })).toEqual([second, first]);
  expect(await f.git.commitsBeyond({ ...range, limit: 1 })).toEqual([second]);
  expect(await f.git.countCommits(range)).toBe(2);
  expect(await f.git.commitsBeyond({ ...range, base: tip, limit: 10 })).toEqual([]);
});

test('a branch without commits of its own has nothing to lose', async () => {
  await using f = await createGitFixture();
  const commit = await f.test.git('rev-parse', 'HEAD');
  expect(await askTopic(f, commit, commit)).toBe(true);
});

test('commits that only the branch itself, or a longer name beginning like it, could hold', async () => {
  await using f = await createGitFixture();
  const { baseCommit, tip, one } = await withTopic(f);
  expect(await askTopic(f, baseCommit, tip)).toBe(false);
  const lost = await f.git.commitsNowhereElse({ repo: f.repo, branch: 'topic', tip, baseCommit, limit: 10 });
  expect(lost.map(({ commit }) => commit)).toEqual([tip, one]);
  // A tag is no merge.
  await f.test.git('tag', 'release', tip);
  expect(await askTopic(f, baseCommit, tip)).toBe(false);
  await f.test.git('branch', 'topic-2', tip);
  expect(await askTopic(f, baseCommit, tip)).toBe(true);
});

test('merged by fast-forward or by a merge commit is merged', async () => {
  await using f = await createGitFixture();
  const { baseCommit, tip } = await withTopic(f);
  await f.test.git('branch', 'release', baseCommit);
  await f.test.git('merge', '-q', '--ff-only', 'topic');
  expect(await askTopic(f, baseCommit, tip)).toBe(true);
  await f.test.git('checkout', '-q', 'release');
  await f.test.git('branch', '-f', 'master', baseCommit);
  expect(await askTopic(f, baseCommit, tip)).toBe(false);
  await f.test.git('merge', '-q', '--no-ff', 'topic');
  expect(await askTopic(f, baseCommit, tip)).toBe(true);
});

test('pushed is safe, as far as it was pushed', async () => {
  await using f = await createGitFixture();
  const { baseCommit, one, tip } = await withTopic(f);
  await f.test.gitIn(f.test.directory, 'init', '-q', '--bare', 'remote.git');
  await f.test.git('remote', 'add', 'origin', f.test.beside('remote.git'));
  await f.test.git('push', '-q', 'origin', `${one}:refs/heads/topic`);
  await f.test.git('fetch', '-q', 'origin');
  expect(await askTopic(f, baseCommit, tip)).toBe(false);
  await f.test.git('push', '-q', 'origin', 'topic');
  expect(await askTopic(f, baseCommit, tip)).toBe(true);
});

test('a cherry-picked copy elsewhere does not hold the commit', async () => {
  await using f = await createGitFixture();
  const { baseCommit, one, tip } = await withTopic(f);
  await f.test.commit('meanwhile', { 'else.txt': 'x\n' });
  await f.test.git('cherry-pick', one, tip);
  expect(await askTopic(f, baseCommit, tip)).toBe(false);
});

test('a squashed merge does not hold the commits', async () => {
  await using f = await createGitFixture();
  const { baseCommit, tip } = await withTopic(f);
  await f.test.git('merge', '-q', '--squash', 'topic');
  await f.test.commit('squashed');
  expect(await askTopic(f, baseCommit, tip)).toBe(false);
});

test('the upstream of the base moving on changes nothing', async () => {
  await using f = await createGitFixture();
  const { baseCommit, tip } = await withTopic(f);
  await f.test.commit('meanwhile');
  expect(await f.git.countCommits({ cwd: f.test.path, base: baseCommit, tip })).toBe(2);
  expect(await askTopic(f, baseCommit, tip)).toBe(false);
});
