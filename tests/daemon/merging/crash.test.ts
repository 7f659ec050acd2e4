// A merge is whole or absent, wherever the daemon or its git dies; the next one goes on from there.
import { readdir } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { type MergingSetup, setUpMerging } from './setup.ts';

vi.setConfig({ testTimeout: 240_000 });

const integration = 'spt/1-task/integration';
const both = ['one.txt', 'readme.txt', 'shared.txt', 'two.txt'];

/** Everything of git's that a daemon would die over. */
class Death extends Error {}

/** Dies before the nth command from now on, and stays dead until told otherwise. */
function mortal() {
  let left = Number.POSITIVE_INFINITY;
  return {
    before: () => {
      if (left <= 0) throw new Death('the daemon is dead');
      left -= 1;
    },
    dieAfter(commands: number) {
      left = commands;
    },
    revive() {
      left = Number.POSITIVE_INFINITY;
    },
  };
}

async function isWhole(s: MergingSetup): Promise<void> {
  const { worktreePath, head } = await s.merging.ensureIntegration(s.task());
  expect((await s.files(integration)).filter((file) => file.endsWith('.txt'))).toEqual(both);
  expect(await s.f.test.gitIn(worktreePath, 'status', '--porcelain')).toBe('');
  expect(await s.f.test.gitIn(worktreePath, 'rev-parse', 'HEAD')).toBe(head);
  expect(await s.f.test.git('worktree', 'list')).not.toContain('.merges');
  expect(await readdir(s.f.test.beside('worktrees/.merges'))).toEqual([]);
}

// All of them for one strategy; the others differ in the middle only.
test.each([
  ['merge', 1],
  ['squash', 4],
  ['rebase_ff', 3],
] as const)('%s: dead before any of its commands (in steps of %i), it is whole or absent', async (strategy, step) => {
  const life = mortal();
  await using s = await setUpMerging({ before: life.before });
  const one = await s.work(1, { 'one.txt': '1\n' });
  const two = await s.work(2, { 'two.txt': '2\n' });
  const { commit: start } = await s.merge(one.worktree);
  const users = await s.users();
  let wasAbsent = 0;
  for (let commands = 0; ; commands += step) {
    life.dieAfter(commands);
    const end = await s.merge(two.worktree, strategy).catch((error: unknown) => error);
    life.revive();
    const tip = await s.tip(integration);
    if (tip === start) wasAbsent += 1;
    else expect(await s.files(integration)).toEqual(both);
    // What a daemon does at its start.
    await s.worktrees.reconcile();
    const { commit } = await s.merge(two.worktree, strategy);
    expect(commit).toBe(await s.tip(integration));
    await isWhole(s);
    expect(await s.users()).toEqual(users);
    if (!(end instanceof Error)) break;
    await s.merging.revert(s.task(), { into: integration, before: start, commit });
  }
  expect(wasAbsent).toBeGreaterThan(1);
});

test('dead before any of its commands, a merge that is taken back is there or gone, and can be taken back again', async () => {
  const life = mortal();
  await using s = await setUpMerging({ before: life.before });
  const { worktree } = await s.work(1, { 'one.txt': '1\n' });
  for (let commands = 0; ; commands++) {
    const { before, commit } = await s.merge(worktree);
    life.dieAfter(commands);
    const end = await s.merging.revert(s.task(), { into: integration, before, commit }).catch((error: unknown) => error);
    life.revive();
    const tip = await s.tip(integration);
    expect([before, commit]).toContain(tip);
    if (tip === commit) await s.merging.revert(s.task(), { into: integration, before, commit });
    if (!(end instanceof Error)) break;
  }
  const { worktreePath } = await s.merging.ensureIntegration(s.task());
  expect(await s.f.test.gitIn(worktreePath, 'status', '--porcelain')).toBe('');
});

test('a git that is killed while it merges, or while it writes the files, leaves the branch where it was', async () => {
  await using s = await setUpMerging({ files: { 'shared.txt': 'base\n', '.gitattributes': '*.txt filter=deadly merge=deadly\n' } });
  const one = await s.work(1, { 'one.txt': '1\n', 'shared.txt': 'base\none\n' });
  const two = await s.work(2, { 'shared.txt': 'two\nbase\n', 'two.txt': '2\n' });
  const { commit: start } = await s.merge(one.worktree);
  const { worktreePath } = await s.merging.ensureIntegration(s.task());
  await s.f.test.git('config', 'merge.deadly.driver', 'kill -KILL $PPID');
  await expect(s.merge(two.worktree)).rejects.toMatchObject({ kind: 'TOOL_FAILED' });
  expect(await s.tip(integration)).toBe(start);
  await s.f.test.git('config', 'merge.deadly.driver', 'cat %B >> %A');
  // Only in the integration worktree, and only when the second file is written.
  await s.f.test.git('config', 'filter.deadly.smudge', `test "$PWD" = '${worktreePath}' && test %f = two.txt && kill -KILL $PPID; cat`);
  await expect(s.merge(two.worktree)).rejects.toMatchObject({ kind: 'TOOL_FAILED' });
  expect(await s.tip(integration)).toBe(start);
  expect(await s.f.test.gitIn(worktreePath, 'status', '--porcelain').catch(() => 'locked')).not.toBe('');
  await s.f.test.git('config', '--unset', 'filter.deadly.smudge');
  await s.merge(two.worktree);
  await isWhole(s);
});
