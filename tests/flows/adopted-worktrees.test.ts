// Worktrees that somebody else made: found, taken over, committed in and merged.
import { existsSync, mkdirSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { detailsOf, failureOf } from '../helpers/failure-of.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createWorktree } from '../helpers/worktrees.ts';

test('adopt, commit and merge into a branch; a checkout of the user is never moved', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const main = await repo.fingerprint();
  await repo.git('branch', 'next');
  const path = repo.beside('theirs');
  await repo.git('worktree', 'add', '-q', '-b', 'theirs', path);
  await failureOf(daemon.client.worktree.adopt({ path }), 'NOT_FOUND');
  await daemon.client.project.add({ path: repo.path });
  const adopted = await daemon.client.worktree.adopt({ path });
  expect(adopted).toMatchObject({ path, branch: 'theirs', base: 'master', branchCreated: false, status: 'present' });
  await failureOf(daemon.client.worktree.adopt({ path }), 'ALREADY_EXISTS');
  expect(await detailsOf(daemon.client.worktree.adopt({ path: repo.path }), 'PRECONDITION')).toMatchObject({ reason: 'main_checkout' });
  await failureOf(daemon.client.worktree.adopt({ path: repo.directory }), 'NOT_FOUND');

  writeFileSync(join(path, 'work.txt'), 'w\n');
  await failureOf(daemon.client.worktree.commit({ worktree: 'theirs', message: 'work' }), 'PRECONDITION');
  const made = await daemon.client.worktree.commit({ worktree: 'theirs', message: 'work', all: true });
  expect(made).toEqual({ commit: await repo.git('rev-parse', 'theirs'), files: 1 });

  const refused = await detailsOf(daemon.client.worktree.merge({ worktree: 'theirs' }), 'PRECONDITION');
  expect(refused).toEqual({ reason: 'base_checked_out', path: repo.path, command: `git -C ${repo.path} merge --no-ff theirs` });
  const merged = await daemon.client.worktree.merge({ worktree: 'theirs', into: 'next', message: 'joined' });
  expect(merged).toMatchObject({ into: 'next', upToDate: false, commit: await repo.git('rev-parse', 'next') });
  expect(await repo.git('log', '-1', '--format=%s', 'next')).toBe('joined');
  expect(await daemon.client.worktree.merge({ worktree: 'theirs', into: 'next' })).toMatchObject({ upToDate: true, commit: merged.commit });
  await failureOf(daemon.client.worktree.merge({ worktree: 'theirs', into: 'nowhere' }), 'NOT_FOUND');

  // A target in a worktree of the daemon's own moves with its files.
  const target = await createWorktree(daemon, repo, 'target', 'master');
  writeFileSync(join(target.path, 'dirty.txt'), 'd');
  const dirty = await detailsOf(daemon.client.worktree.merge({ worktree: 'theirs', into: 'target', mode: 'squash' }), 'PRECONDITION');
  expect(dirty).toMatchObject({ reason: 'base_dirty' });
  unlinkSync(join(target.path, 'dirty.txt'));
  await daemon.client.worktree.merge({ worktree: 'theirs', into: 'target', mode: 'squash' });
  expect(await repo.gitIn(target.path, 'status', '--porcelain')).toBe('');
  expect(existsSync(join(target.path, 'work.txt'))).toBe(true);

  const clash = await createWorktree(daemon, repo, 'clash', 'master');
  await repo.commit('clash', { 'work.txt': 'other\n' }, clash.path);
  const refs = await repo.git('for-each-ref');
  expect(await detailsOf(daemon.client.worktree.merge({ worktree: 'clash', into: 'next' }), 'GIT_CONFLICT')).toEqual({
    files: ['work.txt'],
  });
  expect(await repo.git('for-each-ref')).toBe(refs);
  expect(readdirSync(join(daemon.home.worktreesDir, '.merges'))).toEqual([]);
  expect(await repo.fingerprint()).toBe(main);
  const types = ['worktree.adopted', 'worktree.committed', 'worktree.merged'];
  expect((await daemon.events({ types })).map(({ type }) => type)).toEqual([...types, 'worktree.merged']);
});

test('the user’s directory beside an adopted worktree is swept of nothing', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  await daemon.client.project.add({ path: repo.path });
  await repo.git('worktree', 'add', '-q', repo.beside('theirs'));
  await daemon.client.worktree.adopt({ path: repo.beside('theirs') });
  mkdirSync(repo.beside('.trash-1000'));
  await daemon.restart();
  expect(existsSync(repo.beside('.trash-1000'))).toBe(true);
});

test('import tells which worktrees the daemon does not know, and adopts them when asked', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const { home } = daemon;
  await repo.git('worktree', 'add', '--quiet', '-b', 'foreign', repo.beside('foreign'));
  const found = await daemon.cli(['import', '--json'], { cwd: repo.path, env: { TMUX_TMPDIR: home.dir } });
  expect(JSON.parse(found.stdout)).toEqual({
    worktrees: [{ path: repo.beside('foreign'), branch: 'foreign' }],
    tmuxSessions: [],
    adopted: [],
    refused: [],
  });
  const adopted = await daemon.cli(['import', '--adopt'], { cwd: repo.path, env: { TMUX_TMPDIR: home.dir } });
  expect(adopted.exitCode).toBe(0);
  expect((await daemon.client.worktree.list({})).worktrees.map(({ branch }) => branch)).toEqual(['foreign']);
});
