// What a spec task had checked out goes when nothing is lost with it.
import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { type MergingSetup, owner, setUpMerging } from './setup.ts';

vi.setConfig({ testTimeout: 60_000 });

const branches = (s: MergingSetup): Promise<string> => s.f.test.git('for-each-ref', '--format=%(refname:short)', 'refs/heads');

test('of what has landed all goes, and the user keeps what they had', async () => {
  await using s = await setUpMerging();
  const { path } = await s.reviewed();
  await s.f.test.git('checkout', '--quiet', '-b', 'elsewhere');
  await s.landing.land(s.task(), { landing: 'merge' }, owner);
  // What landed goes at once, and not only when it is put away.
  expect(existsSync(path)).toBe(false);
  const before = await s.users();
  const archived = await s.landing.archive(s.task(), owner);
  expect(archived.kept).toEqual([]);
  expect(archived.archivedAt).toBeDefined();
  expect(existsSync(path)).toBe(false);
  expect(await branches(s)).toBe('elsewhere\nmaster');
  expect(await s.users()).toEqual(before);
  expect((await s.landing.archive(s.task(), owner)).kept).toEqual([]);
  expect(s.events('specTask.archived')).toBe(1);
});

test('rebased work that landed by a squash goes too, and its own commits are kept under a reference', async () => {
  await using s = await setUpMerging();
  const one = await s.work(1, { 'one.txt': '1\n' });
  const two = await s.work(2, { 'two.txt': '2\n' });
  await s.merge(one.worktree, 'squash');
  await s.merge(two.worktree, 'rebase_ff');
  await s.changeTask({ status: 'implementation_review' });
  await s.f.test.git('checkout', '--quiet', '-b', 'elsewhere');
  await s.landing.land(s.task(), { landing: 'squash' }, owner);
  expect((await s.landing.archive(s.task(), owner)).kept).toEqual([]);
  expect(await branches(s)).toBe('elsewhere\nmaster');
  const saved = await s.f.test.git('for-each-ref', '--format=%(refname)', 'refs/coppice/removed');
  for (const { head } of [one, two]) expect(await s.f.test.git('for-each-ref', `--contains=${head}`, 'refs/coppice/removed')).not.toBe('');
  expect(saved.split('\n')).toHaveLength(3);
});

test('a base that is not the default branch counts as well', async () => {
  await using s = await setUpMerging();
  await s.f.test.git('branch', 'release');
  await s.changeTask({ baseBranch: 'release' });
  await s.reviewed();
  await s.landing.land(s.task(), { landing: 'ff' }, owner);
  expect((await s.landing.archive(s.task(), owner)).kept).toEqual([]);
  expect(await branches(s)).toBe('master\nrelease');
});

test('what is not committed, not merged or not landed stays, and is told', async () => {
  await using s = await setUpMerging();
  const merged = await s.work(1, { 'one.txt': '1\n' });
  const unmerged = await s.work(2, { 'two.txt': '2\n' });
  const dirty = await s.work(3, { 'three.txt': '3\n' });
  await s.merge(merged.worktree, 'squash');
  await s.merge(dirty.worktree, 'squash');
  await s.f.test.write('more.txt', 'm\n', dirty.worktree.path);
  await s.changeTask({ status: 'cancelled' });
  const { kept } = await s.landing.archive(s.task(), owner);
  const { path } = await s.merging.integration(s.task());
  expect(kept.map((one) => one.path)).toEqual([unmerged.worktree.path, dirty.worktree.path, path]);
  expect(kept[0]?.reason).toContain('1 commit');
  expect(kept[1]?.reason).toContain('not committed');
  expect(existsSync(merged.worktree.path)).toBe(false);
  for (const each of kept) expect(existsSync(each.path)).toBe(true);
  // Once it is merged it goes with the next call.
  await s.f.test.gitIn(dirty.worktree.path, 'clean', '-qf');
  expect((await s.landing.archive(s.task(), owner)).kept.map((one) => one.path)).toEqual([unmerged.worktree.path, path]);
});

test('work that was merged and then taken out again is not taken for merged', async () => {
  await using s = await setUpMerging();
  const one = await s.work(1, { 'one.txt': '1\n' });
  const { before, commit } = await s.merge(one.worktree, 'squash');
  await s.merging.revert(s.task(), { into: 'spt/1-task/integration', before, commit });
  await s.changeTask({ status: 'cancelled' });
  const { kept } = await s.landing.archive(s.task(), owner);
  expect(kept.map(({ path }) => path)).toEqual([one.worktree.path]);
});

test('a spec task that goes on is not put away', async () => {
  await using s = await setUpMerging();
  const { path } = await s.reviewed();
  await failureOf(s.landing.archive(s.task(), owner), 'INVALID_TRANSITION');
  expect(existsSync(path)).toBe(true);
  expect(s.stopped).toEqual([]);
});
