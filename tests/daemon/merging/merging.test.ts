// What work sessions made comes together on the integration branch, and all that is the user's stays as it is.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { setUpMerging } from './setup.ts';

vi.setConfig({ testTimeout: 60_000 });

const integration = 'spt/1-task/integration';

test.each(['merge', 'squash', 'rebase_ff'] as const)('%s gives the tree of both, and nothing of the user changes', async (strategy) => {
  await using s = await setUpMerging();
  await writeFile(join(s.f.test.path, 'dirty.txt'), 'mine\n');
  const before = await s.users();
  const one = await s.work(1, { 'one.txt': '1\n' });
  const two = await s.work(2, { 'two.txt': '2\n' });
  await s.merge(one.worktree, strategy);
  const merged = await s.merge(two.worktree, strategy);
  expect(await s.files(integration)).toEqual(['one.txt', 'readme.txt', 'shared.txt', 'two.txt']);
  expect(await s.tip(integration)).toBe(merged.commit);
  const { worktreePath } = await s.merging.ensureIntegration(s.task());
  expect(await s.f.test.gitIn(worktreePath, 'status', '--porcelain')).toBe('');
  const parents = (await s.f.test.git('log', '-1', '--format=%P', integration)).split(' ');
  expect(parents).toHaveLength(strategy === 'merge' ? 2 : 1);
  expect(await s.f.test.git('log', '-1', '--format=%an <%ae>', integration)).toBe('Test <test@example.org>');
  expect(await s.users()).toEqual(before);
});

test('the integration worktree is made once, known by its task, and made again when it was removed', async () => {
  await using s = await setUpMerging();
  const first = await s.merging.ensureIntegration(s.task());
  expect(await s.merging.ensureIntegration(s.task())).toEqual(first);
  const { integrationWorktreeId } = s.task();
  expect(integrationWorktreeId).toBeDefined();
  // As a daemon leaves it that died between the worktree and the row.
  await s.store.write((w) => w.specTasks.change(s.task().id, { integrationWorktreeId: null }));
  await s.merging.ensureIntegration(s.task());
  expect(s.task().integrationWorktreeId).toBe(integrationWorktreeId);
  const { worktree } = await s.work(1, { 'one.txt': '1\n' });
  const { commit } = await s.merge(worktree);
  await s.worktrees.remove(await s.merging.integration(s.task()), { force: true }, { actor: 'owner' });
  await s.f.test.git('branch', '--force', integration, commit);
  expect(await s.merging.ensureIntegration(s.task())).toMatchObject({ head: commit });
});

test('conflicting edits name their files and change nothing', async () => {
  await using s = await setUpMerging();
  const one = await s.work(1, { 'shared.txt': 'one\n', 'a.txt': 'a\n' });
  const two = await s.work(2, { 'shared.txt': 'two\n', 'b.txt': 'b\n' });
  const { commit } = await s.merge(one.worktree);
  for (const strategy of ['merge', 'squash', 'rebase_ff'] as const) {
    const refs = await s.f.test.git('for-each-ref');
    const failure = await failureOf(s.merge(two.worktree, strategy), 'GIT_CONFLICT');
    expect(failure.details).toEqual({ files: ['shared.txt'] });
    expect(await s.f.test.git('for-each-ref')).toBe(refs);
  }
  expect(await s.tip(integration)).toBe(commit);
  expect(await s.f.test.git('worktree', 'list')).not.toContain('.merges');
});

test('work that is there already is not merged twice', async () => {
  await using s = await setUpMerging();
  const { worktree } = await s.work(1, { 'one.txt': '1\n' });
  const { commit } = await s.merge(worktree);
  expect(await s.merge(worktree)).toMatchObject({ before: commit, commit });
  expect(s.events('worktree.merged')).toBe(1);
  expect(await s.merging.contains(s.task(), integration, commit)).toBe(true);
});

test("the user's merge driver decides, as in any merge of theirs", async () => {
  await using s = await setUpMerging({ files: { 'shared.txt': 'base\n', '.gitattributes': 'shared.txt merge=both\n' } });
  await s.f.test.git('config', 'merge.both.driver', 'cat %B >> %A');
  const one = await s.work(1, { 'shared.txt': 'one\n' });
  const two = await s.work(2, { 'shared.txt': 'two\n' });
  await s.merge(one.worktree);
  await s.merge(two.worktree);
  expect(await s.f.test.git('show', `${integration}:shared.txt`)).toBe('one\ntwo');
});

test('a merge is taken back with its files, and only while nothing came after it', async () => {
  await using s = await setUpMerging();
  const one = await s.work(1, { 'one.txt': '1\n' });
  const two = await s.work(2, { 'two.txt': '2\n' });
  const first = await s.merge(one.worktree);
  await s.merging.revert(s.task(), { into: integration, ...first });
  const { worktreePath, head } = await s.merging.ensureIntegration(s.task());
  expect(head).toBe(first.before);
  expect(await s.f.test.gitIn(worktreePath, 'status', '--porcelain')).toBe('');
  expect(await s.files(integration)).not.toContain('one.txt');
  const again = await s.merge(one.worktree);
  const after = await s.merge(two.worktree);
  await failureOf(s.merging.revert(s.task(), { into: integration, ...again }), 'CONFLICT');
  expect(await s.tip(integration)).toBe(after.commit);
});

test('what a verify command left in the integration worktree does not stand in the way of the next merge', async () => {
  await using s = await setUpMerging({ files: { '.gitignore': 'cache/\n', 'shared.txt': 'base\n' } });
  const { worktree } = await s.work(1, { 'one.txt': '1\n' });
  const { worktreePath } = await s.merging.ensureIntegration(s.task());
  const mess = [
    'echo changed > shared.txt && git add shared.txt && echo again > shared.txt',
    'echo mine > one.txt',
    'git init --quiet nested && touch nested/file',
    'mkdir cache && echo kept > cache/c',
    'git checkout --quiet --force --detach',
  ];
  const of = { specTaskId: s.task().id, worktreePath, commands: mess, env: { ...s.f.test.env } };
  expect(await s.merging.verify(of, new AbortController().signal)).toEqual({ passed: true });
  const { commit } = await s.merge(worktree);
  expect(await s.f.test.gitIn(worktreePath, 'status', '--porcelain')).toBe('');
  expect(await s.f.test.gitIn(worktreePath, 'rev-parse', 'HEAD')).toBe(commit);
  expect(await s.f.test.gitIn(worktreePath, 'symbolic-ref', '--short', 'HEAD')).toBe(integration);
  expect(await readFile(join(worktreePath, 'one.txt'), 'utf8')).toBe('1\n');
  expect(await readFile(join(worktreePath, 'cache/c'), 'utf8')).toBe('kept\n');
});

test('left-overs become a commit; without any the head is answered', async () => {
  await using s = await setUpMerging();
  const { worktree, head } = await s.work(1, { 'one.txt': '1\n' });
  expect(await s.merging.commitLeftovers(worktree.path, 'Left')).toBe(head);
  await s.f.test.write('two.txt', '2\n', worktree.path);
  const commit = await s.merging.commitLeftovers(worktree.path, 'Left');
  expect(await s.f.test.git('log', '-1', '--format=%P %s', commit)).toBe(`${head} Left`);
  expect(await s.files(worktree.branch)).toContain('two.txt');
});
