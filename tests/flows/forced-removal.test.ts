// A worktree that is removed by force is saved first, and comes back as it was.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ErrorKind } from '../../schemas/errors.ts';
import { detailsOf, failureOf } from '../helpers/failure-of.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { treePrint } from '../helpers/tree-print.ts';
import { until } from '../helpers/until.ts';
import { createWorktree, fillWithWork, repoWithIgnores } from '../helpers/worktrees.ts';

test('a forced removal saves everything, and restore brings back every byte, mode and index entry', async () => {
  await using repo = await repoWithIgnores();
  await using daemon = await startRealDaemon();
  const main = await repo.fingerprint();
  const worktree = await createWorktree(daemon, repo, 'work');
  const before = await fillWithWork(repo, worktree);
  const tip = await repo.git('rev-parse', 'work');
  const shared = { main, stash: await repo.git('stash', 'list'), branches: await repo.git('branch', '--list', 'master') };

  await failureOf(daemon.client.worktree.remove({ worktree: worktree.id }), 'WORK_AT_RISK');
  const removed = await daemon.client.worktree.remove({ worktree: worktree.id, force: true });

  const ref = `refs/coppice/removed/${worktree.id}`;
  expect(removed).toEqual({ branchDeleted: true, savedAs: ref });
  expect(existsSync(worktree.path)).toBe(false);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  const { removed: listed } = await daemon.client.worktree.listRemoved({ project: repo.path });
  expect(listed).toMatchObject([{ id: worktree.id, branch: 'work', path: worktree.path, ref, files: expect.any(Number) }]);
  expect((await daemon.events({ types: ['worktree.saved', 'worktree.removed'] })).map(({ type }) => type)).toEqual([
    'worktree.saved',
    'worktree.removed',
  ]);
  await repo.git('reflog', 'expire', '--expire=now', '--all');
  await repo.git('gc', '--quiet', '--prune=now');

  const back = await daemon.cli(['worktree', 'restore', worktree.id], { cwd: repo.path });

  expect(back).toMatchObject({ exitCode: 0, stdout: `${worktree.path}\n` });
  expect(await treePrint(repo, worktree.path)).toEqual(before);
  expect(await repo.git('rev-parse', 'work')).toBe(tip);
  expect(await daemon.client.worktree.get({ worktree: 'work' })).toMatchObject({ id: worktree.id, status: 'present', head: tip });
  expect((await daemon.client.worktree.listRemoved({})).removed).toEqual([]);
  expect(await repo.git('for-each-ref', 'refs/coppice')).toBe('');
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('locked');
  expect({
    main: await repo.fingerprint(),
    stash: await repo.git('stash', 'list'),
    branches: await repo.git('branch', '--list', 'master'),
  }).toEqual(shared);
  await failureOf(daemon.client.worktree.restore({ id: worktree.id }), 'NOT_FOUND');
  const byName = await daemon.cli(['worktree', 'restore', 'work']);
  expect(byName).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"coppice worktree list --removed" lists them') });
});

test('force gives way to a process inside, to whoever stands inside, to a lock and to a repository inside', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'busy');
  writeFileSync(join(worktree.path, 'x.txt'), 'x');
  const remove = (more: { callerDirectory?: string } = {}) =>
    detailsOf(daemon.client.worktree.remove({ worktree: worktree.id, force: true, ...more }), 'WORK_AT_RISK');
  const child = spawn('sleep', ['300'], { cwd: worktree.path, stdio: 'ignore' });
  try {
    expect((await remove()).processes).toEqual([{ pid: child.pid, command: 'sleep 300' }]);
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  expect((await remove({ callerDirectory: worktree.path })).reasons).toEqual([expect.stringContaining('caller')]);
  mkdirSync(join(worktree.path, 'deep'));
  const inside = await daemon.cli(['worktree', 'rm', 'busy', '--force'], { cwd: join(worktree.path, 'deep') });
  expect(inside).toMatchObject({ exitCode: 5, stdout: '', stderr: expect.stringContaining('The caller stands in it') });
  await repo.git('worktree', 'lock', worktree.path);
  expect((await remove()).reasons).toEqual([expect.stringContaining('locked')]);
  await repo.git('worktree', 'unlock', worktree.path);
  await repo.gitIn(worktree.path, 'init', '--quiet', 'nested');
  expect((await remove()).paths).toEqual(['nested']);
  expect(await repo.git('for-each-ref', 'refs/coppice')).toBe('');
  expect(existsSync(join(worktree.path, 'x.txt'))).toBe(true);
  rmSync(join(worktree.path, 'nested'), { recursive: true });
  const commit = await repo.commit('nowhere else', { 'y.txt': 'y' }, worktree.path);
  const plain = await detailsOf(daemon.client.worktree.remove({ worktree: worktree.id }), 'WORK_AT_RISK');
  expect(plain.commits).toEqual([{ commit, subject: 'nowhere else' }]);
  const said = await daemon.cli(['worktree', 'rm', 'busy'], { cwd: repo.path });
  expect(said).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('nowhere else') });
});

test('what is taken meanwhile keeps a restore away, and the saved work stays', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  writeFileSync(join(worktree.path, 'x.txt'), 'x');
  await repo.commit('one', {}, worktree.path);
  await daemon.client.worktree.remove({ worktree: worktree.id, force: true });
  const restore = (kind: ErrorKind) => detailsOf(daemon.client.worktree.restore({ id: worktree.id }), kind);
  mkdirSync(worktree.path, { recursive: true });
  expect(await restore('ALREADY_EXISTS')).toMatchObject({ path: worktree.path });
  await repo.gitIn(repo.directory, 'init', '--quiet', worktree.path);
  await restore('ALREADY_EXISTS');
  rmSync(worktree.path, { recursive: true });
  await repo.git('branch', 'work', 'master');
  await restore('CONFLICT');
  const other = await createWorktree(daemon, repo, 'work');
  await restore('ALREADY_EXISTS');
  await daemon.client.worktree.remove({ worktree: other.id });
  await repo.git('branch', '-D', 'work').catch(() => undefined);
  await daemon.client.worktree.restore({ id: worktree.id });
  expect(existsSync(join(worktree.path, 'x.txt'))).toBe(true);
});

test('a daemon that is killed between saving and removing loses nothing, and one killed amid the removal ends it', async () => {
  await using repo = await repoWithIgnores();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  const before = await fillWithWork(repo, worktree);
  const after = (await daemon.client.daemon.status()).cursor;
  const leave = new AbortController();
  const call = daemon.client.worktree.remove({ worktree: worktree.id, force: true }).catch(() => undefined);
  for await (const event of daemon.client.events({ after, signal: leave.signal })) {
    if (event.type !== 'worktree.saved') continue;
    process.kill(daemon.pid, 'SIGKILL');
    leave.abort();
    break;
  }
  await daemon.kill();
  await daemon.again();
  await call;

  const { worktrees } = await daemon.client.worktree.list({ project: repo.path });
  if (worktrees.length === 0) await daemon.client.worktree.restore({ id: worktree.id });
  expect(await treePrint(repo, worktree.path)).toEqual(before);
  expect(await repo.git('for-each-ref', 'refs/coppice')).toBe('');

  // As after a death between the rename and the row: the reference is there, the directory and git's entry are not.
  const cut = await createWorktree(daemon, repo, 'cut');
  const work = await fillWithWork(repo, cut);
  await daemon.client.worktree.remove({ worktree: cut.id, force: true });
  const tip = await repo.git('rev-parse', `refs/coppice/removed/${cut.id}`);
  await daemon.client.worktree.restore({ id: cut.id });
  await repo.git('update-ref', `refs/coppice/removed/${cut.id}`, tip);
  await daemon.stop();
  await repo.git('worktree', 'remove', '--force', cut.path);
  await daemon.again();
  expect((await daemon.client.worktree.listRemoved({})).removed).toMatchObject([{ id: cut.id, branch: 'cut' }]);
  await daemon.client.worktree.restore({ id: cut.id });
  expect(await treePrint(repo, cut.path)).toEqual(work);
});

test('a session with keep "never" saves the work of its worktree before it goes', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const steps = [shell('echo precious > new.txt; git commit --allow-empty -qm unmerged')];
  const commands = { never: commandFile('never', { worktree: { branch: 'never', keep: 'never' }, steps }) };
  await using daemon = await startRealDaemon({ home, commands });
  const session = await daemon.start(repo.path, 'never');
  const ended = await daemon.ended(session.id);
  expect(ended.status).toBe('succeeded');
  expect((await daemon.client.worktree.list({})).worktrees).toEqual([]);
  const [saved] = (await daemon.client.worktree.listRemoved({})).removed;
  expect(saved).toMatchObject({ branch: 'never', files: 1 });
  const back = await daemon.client.worktree.restore({ id: saved?.id as string });
  expect(await repo.gitIn(back.path, 'status', '--porcelain')).toBe('?? new.txt');
  expect(await repo.git('log', '-1', '--format=%s', 'never')).toBe('unmerged');
});

test('removals that came too late find the worktree gone, once', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  writeFileSync(join(worktree.path, 'x.txt'), 'x');
  const remove = () => daemon.client.worktree.remove({ worktree: worktree.id, force: true });
  await Promise.allSettled([remove(), remove(), remove()]);
  expect((await daemon.events({ types: ['worktree.removed'] })).length).toBe(1);
  await daemon.client.worktree.restore({ id: worktree.id });
  await until('the file to be back', () => existsSync(join(worktree.path, 'x.txt')));
});
