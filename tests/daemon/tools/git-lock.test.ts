// Another git holds a lock file: what is done in one step waits for it, and nothing else does.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { classify } from '../../../daemon/kernel/classify.ts';
import { heldLock } from '../../../daemon/tools/git/held-lock.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { until } from '../../helpers/until.ts';
import { createGitFixture, type GitFixture, newBranch } from './git-fixture.ts';

/** Takes the lock away when git was refused by it for the first time; the next one is git's own. */
async function freeOnRetry(f: GitFixture, lock: string): Promise<void> {
  await until('git to be refused', () => f.retried.length > 0);
  rmSync(lock);
}

test('staging waits for the index of another git, and the commit is made once', async () => {
  await using f = await createGitFixture();
  await newBranch(f, 'topic');
  const worktree = f.test.beside('w');
  writeFileSync(join(worktree, 'new.txt'), 'new\n');
  const lock = join(f.repo.gitCommonDir, 'worktrees', 'w', 'index.lock');
  writeFileSync(lock, '');
  const [{ files }] = await Promise.all([f.git.commitWork({ worktreePath: worktree, message: 'why', all: true }), freeOnRetry(f, lock)]);
  expect(files).toBe(1);
  expect(new Set(f.retried)).toEqual(new Set(['file']));
  expect(f.calls.filter(([, command]) => command === 'commit')).toHaveLength(1);
});

test('a branch whose lock stays is told with the path of the lock, as worth another try, after three calls', async () => {
  await using f = await createGitFixture();
  const { commit } = await newBranch(f, 'topic');
  await f.git.removeWorktree({ repo: f.repo, path: f.test.beside('w') });
  const lock = join(f.repo.gitCommonDir, 'refs', 'heads', 'topic.lock');
  writeFileSync(lock, '');
  const error = await failureOf(f.git.deleteBranch({ repo: f.repo, branch: 'topic', expectedCommit: commit }), 'TOOL_FAILED');
  expect(error).toMatchObject({ retryable: true, details: { tool: 'git', lockPath: lock } });
  expect(error.message).toContain(`the lock "${lock}" taken`);
  expect(classify(error, 0).kind).toBe('transient');
  expect(f.calls.filter(([, command]) => command === 'update-ref')).toHaveLength(3);
});

test('a commit is never made again by itself, whatever stood in its way', async () => {
  await using f = await createGitFixture();
  await newBranch(f, 'topic');
  const worktree = f.test.beside('w');
  writeFileSync(join(worktree, 'new.txt'), 'new\n');
  await f.test.git('-C', worktree, 'add', '.');
  writeFileSync(join(f.repo.gitCommonDir, 'worktrees', 'w', 'index.lock'), '');
  const error = await failureOf(f.git.commitWork({ worktreePath: worktree, message: 'why', all: false }), 'TOOL_FAILED');
  expect(error.details).toHaveProperty('lockPath');
  expect(f.calls.filter(([, command]) => command === 'commit')).toHaveLength(1);
  expect(f.retried).toEqual([]);
});

test.each([
  ["fatal: Unable to create '/r/.git/index.lock': File exists.\n\nAnother git process seems", '/r/.git/index.lock'],
  ["error: cannot lock ref 'refs/heads/a': Unable to create '/r/.git/refs/heads/a.lock': File exists.", '/r/.git/refs/heads/a.lock'],
  ['error: could not lock config file /r/.git/config: File exists', '/r/.git/config.lock'],
  ["fatal: Unable to create '/r/.git/index.lock': Permission denied", undefined],
  ["fatal: cannot lock ref 'refs/heads/a': is at 1 but expected 2", undefined],
  ['', undefined],
])('of %j the lock is %s', (stderr, lock) => {
  expect(heldLock(stderr)).toBe(lock);
});
