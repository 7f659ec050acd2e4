// No work is lost: a worktree goes only after proof, and otherwise the refusal names what is at risk.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Worktree } from '../../schemas/worktree.ts';
import { detailsOf } from '../helpers/failure-of.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createStoppingPrograms } from '../helpers/stopping-git.ts';
import { until } from '../helpers/until.ts';
import { createWorktree } from '../helpers/worktrees.ts';

/** The details of the refusal, with the worktree still there. */
async function refusal(
  daemon: RealDaemon,
  worktree: Worktree,
  params: { callerDirectory?: string } = {},
): Promise<Readonly<Record<string, unknown>>> {
  const details = await detailsOf(daemon.client.worktree.remove({ worktree: worktree.id, ...params }), 'WORK_AT_RISK');
  expect(existsSync(worktree.path)).toBe(true);
  expect(await daemon.client.worktree.get({ worktree: worktree.id })).toMatchObject({ status: 'present' });
  return details;
}

test('uncommitted work of every kind keeps a worktree, and the refusal lists it', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'dirty');
  writeFileSync(join(worktree.path, 'readme.txt'), 'changed\n');
  writeFileSync(join(worktree.path, 'staged.txt'), 'staged\n');
  await repo.gitIn(worktree.path, 'add', 'staged.txt');
  writeFileSync(join(worktree.path, 'new ü.txt'), 'new\n');

  const details = await refusal(daemon, worktree);

  expect([...(details.paths as string[])].sort()).toEqual(['new ü.txt', 'readme.txt', 'staged.txt']);
  const said = await daemon.cli(['worktree', 'rm', 'dirty'], { cwd: repo.path });
  expect(said.exitCode).toBe(5);
  expect(said.stderr).toContain('3 paths not committed');
});

test('what somebody leaves behind while the files are being looked at keeps a worktree', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const programs = createStoppingPrograms(home);
  await using daemon = await startRealDaemon({ home, env: { PATH: programs.PATH } });
  const worktree = await createWorktree(daemon, repo, 'left');
  const writer = spawn('sh', ['-c', 'read go; echo precious > precious.txt'], { cwd: worktree.path, stdio: ['pipe', 'ignore', 'ignore'] });

  programs.stopAt('after', 'status');
  const refused = refusal(daemon, worktree);
  await programs.meanwhile(async () => {
    writer.stdin.end('\n');
    await once(writer, 'exit');
  });

  expect((await refused).paths).toEqual(['precious.txt']);
});

test('a commit that is nowhere else keeps a worktree; merged, it goes with its branch', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  const commit = await repo.commit('precious', { 'precious.txt': 'x' }, worktree.path);

  const details = await refusal(daemon, worktree);
  expect(details.commits).toEqual([{ commit, subject: 'precious' }]);

  await repo.git('merge', '--quiet', '--ff-only', 'work');
  const before = await repo.fingerprint();
  expect(await daemon.client.worktree.remove({ worktree: 'work' })).toEqual({ branchDeleted: true });
  expect(existsSync(worktree.path)).toBe(false);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain(worktree.path);
  expect(await repo.fingerprint()).toBe(before);
});

test('a commit on a detached HEAD inside keeps a worktree too', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'work');
  await repo.gitIn(worktree.path, 'checkout', '--quiet', '--detach');
  const commit = await repo.commit('detached', { 'd.txt': 'x' }, worktree.path);

  expect((await refusal(daemon, worktree)).commits).toEqual([{ commit, subject: 'detached' }]);
});

test('a pushed commit is safe: the worktree goes, and the branch stays', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  await repo.gitIn(repo.directory, 'init', '--quiet', '--bare', 'remote.git');
  await repo.git('remote', 'add', 'origin', repo.beside('remote.git'));
  const worktree = await createWorktree(daemon, repo, 'work');
  await repo.commit('pushed', { 'p.txt': 'x' }, worktree.path);
  await repo.gitIn(worktree.path, 'push', '--quiet', 'origin', 'work');

  expect(await daemon.client.worktree.remove({ worktree: worktree.id })).toEqual({ branchDeleted: false });
  expect(existsSync(worktree.path)).toBe(false);
  expect(await repo.git('log', '-1', '--format=%s', 'work')).toBe('pushed');
});

test('a process inside, and the caller who stands inside, keep a worktree', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'busy');
  const child = spawn('sleep', ['300'], { cwd: worktree.path, stdio: 'ignore' });
  try {
    const processes = (await refusal(daemon, worktree)).processes as { pid: number }[];
    expect(processes).toEqual([{ pid: child.pid, command: 'sleep 300' }]);
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  const details = await refusal(daemon, worktree, { callerDirectory: worktree.path });
  expect(details.reasons).toEqual([expect.stringContaining('caller')]);
  const fromInside = await daemon.cli(['worktree', 'rm', worktree.id], { cwd: worktree.path });
  expect(fromInside.exitCode).toBe(5);
  expect((await daemon.cli(['worktree', 'rm', worktree.id], { cwd: repo.path })).exitCode).toBe(0);
});

test('a live session keeps its worktree, and removing the ended session keeps work that is at risk', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('ran')}; ${signals.waitFor('gate')}; echo x > x.txt`)];
  await using daemon = await startRealDaemon({ home, commands: { live: commandFile('live', { worktree: { branch: 'live' }, steps }) } });
  const session = await daemon.start(repo.path, 'live');
  await signals.lines('ran');
  const { worktreeId } = await daemon.client.session.get({ id: session.id });
  const worktree = await daemon.client.worktree.get({ worktree: worktreeId as string });

  const details = await refusal(daemon, worktree);
  expect(details.reasons).toEqual(expect.arrayContaining([expect.stringContaining(session.slug)]));
  await expect(daemon.client.session.remove({ id: session.id })).rejects.toMatchObject({ kind: 'INVALID_TRANSITION' });
  signals.open('gate');
  const ended = await daemon.ended(session.id);

  await expect(daemon.client.session.remove({ id: ended.id })).rejects.toMatchObject({
    kind: 'WORK_AT_RISK',
    details: { paths: ['x.txt'], commits: [], processes: [] },
  });
  expect(existsSync(join(worktree.path, 'x.txt'))).toBe(true);
  expect((await daemon.client.session.get({ id: ended.id })).status).toBe('succeeded');
  await daemon.client.session.remove({ id: ended.id, keepWorktree: true });
  await expect(daemon.client.session.get({ id: ended.id })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  expect(existsSync(join(worktree.path, 'x.txt'))).toBe(true);
  expect(existsSync(ended.artifactDir)).toBe(false);
});

test('a worktree that somebody deleted by hand is missing after a restart, and can be taken off the list', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'gone');
  rmSync(worktree.path, { recursive: true });

  await daemon.restart();

  expect((await daemon.client.worktree.list({})).worktrees).toMatchObject([{ id: worktree.id, status: 'missing' }]);
  expect((await daemon.events({ types: ['worktree.missing'] })).map(({ data }) => data)).toEqual([{ path: worktree.path, branch: 'gone' }]);
  expect(await daemon.client.worktree.remove({ worktree: worktree.id })).toEqual({ branchDeleted: true });
  expect(await repo.git('worktree', 'list', '--porcelain')).not.toContain('gone');
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
});

test('a session whose worktree is deleted while the daemon is down ends and says why', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const steps = [shell(`${signals.tell('ran', '$$')}; ${signals.waitFor('gate')}`), shell(signals.tell('later'))];
  await using daemon = await startRealDaemon({ home, commands: { live: commandFile('live', { worktree: { branch: 'live' }, steps }) } });
  const session = await daemon.start(repo.path, 'live');
  await signals.lines('ran');
  const { worktreePath } = await daemon.client.session.get({ id: session.id });

  await daemon.kill();
  rmSync(worktreePath as string, { recursive: true });
  await daemon.again();
  expect((await daemon.client.worktree.list({})).worktrees).toMatchObject([{ status: 'missing' }]);
  signals.open('gate');
  const ended = await daemon.ended(session.id);

  expect(ended.status).toBe('failed');
  expect(ended.stepRuns.filter(({ phase }) => phase === 'main').map(({ status }) => status)).toEqual(['succeeded', 'failed']);
  expect(ended.error).toMatch(/worktree|directory|no such file|ENOENT/);
  expect(ended.stepRuns.every(({ status }) => status !== 'running' && status !== 'pending')).toBe(true);
  expect(signals.has('later')).toBe(false);
});

test('diff tells what is committed, staged, unstaged and untracked', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await createWorktree(daemon, repo, 'diff');
  const head = await repo.commit('one', { 'committed.txt': 'a\nb\n' }, worktree.path);
  writeFileSync(join(worktree.path, 'staged.txt'), 's\n');
  await repo.gitIn(worktree.path, 'add', 'staged.txt');
  writeFileSync(join(worktree.path, 'readme.txt'), 'hello\nmore\n');
  writeFileSync(join(worktree.path, 'untracked.txt'), 'u\n');

  const diff = await daemon.client.worktree.diff({ worktree: 'diff', patch: true });

  expect(diff).toMatchObject({
    baseCommit: worktree.baseCommit,
    head,
    committed: [{ path: 'committed.txt', status: 'added', additions: 2, deletions: 0 }],
    staged: [{ path: 'staged.txt', status: 'added', additions: 1 }],
    unstaged: [{ path: 'readme.txt', status: 'modified', additions: 1, deletions: 0 }],
    untracked: ['untracked.txt'],
    summary: { commits: 1 },
  });
  expect(diff.patch).toContain('+more');
});

test('worktrees of one repository that are made at the same time are all there', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const branches = Array.from({ length: 8 }, (_, index) => `many/${index}`);

  const made = await Promise.all(branches.map((branch) => createWorktree(daemon, repo, branch)));

  expect(new Set(made.map(({ path }) => path)).size).toBe(8);
  for (const { path, branch } of made) {
    expect(await repo.gitIn(path, 'symbolic-ref', '--short', 'HEAD')).toBe(branch);
    expect(await repo.gitIn(path, 'status', '--porcelain')).toBe('');
  }
  await expect(createWorktree(daemon, repo, 'many/0')).rejects.toMatchObject({ kind: 'ALREADY_EXISTS' });
  await Promise.all(made.map(({ id }) => daemon.client.worktree.remove({ worktree: id })));
  await until('the directories to be gone', () => made.every(({ path }) => !existsSync(path)));
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
});
