// Somebody works in the repository with git itself, or dies in the middle of it: the daemon says what it finds, and takes nothing away.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { commandFile, createSignals, type Signals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { setUpSpecTasks } from '../helpers/spec-task-setup.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const hello = commandFile('hello', { worktree: { branch: 'hello' }, steps: [shell('echo hello')] });

/** A session that has committed in its worktree and waits at the gate. */
async function inTheMiddle(daemon: RealDaemon, repo: TestRepo, signals: Signals) {
  const commit = 'git commit --allow-empty -qm "made by the session"';
  daemon.home.writeCommand(
    'make',
    commandFile('make', {
      worktree: { branch: 'made' },
      steps: [shell(`${commit}; ${signals.tell('ran')}; ${signals.waitFor('gate')}`), shell('git status --short')],
    }),
  );
  const session = await until('the command to be known', () => daemon.start(repo.path, 'make'));
  await signals.lines('ran');
  const { worktreePath } = await daemon.client.session.get({ id: session.id });
  return { id: session.id, worktreePath: worktreePath as string, commit: await repo.git('rev-parse', 'made') };
}

async function expectToWork(daemon: RealDaemon, repo: TestRepo): Promise<void> {
  expect(await daemon.ended((await daemon.start(repo.path, 'hello')).id)).toMatchObject({ status: 'succeeded' });
  expect((await daemon.client.worktree.list({ project: repo.path })).orphans).toEqual([]);
  expect(daemon.home.log()).not.toMatch(/"level":"fatal"|by a bug/);
}

test('a worktree that somebody deletes while its session works fails the session truly, and the branch keeps what was committed', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({ home, commands: { hello } });
  const { id, worktreePath, commit } = await inTheMiddle(daemon, repo, signals);

  rmSync(worktreePath, { recursive: true });
  signals.open('gate');
  const ended = await daemon.ended(id);

  expect(ended).toMatchObject({ status: 'failed', error: expect.stringContaining(worktreePath) });
  expect(await repo.git('rev-parse', 'made')).toBe(commit);
  const { worktrees } = await daemon.client.worktree.list({ project: repo.path });
  expect(worktrees.find(({ branch }) => branch === 'made')?.status).not.toBe('present');
  await daemon.restart();
  expect(await repo.git('rev-parse', 'made')).toBe(commit);
  await expectToWork(daemon, repo);
  // The branch can be worked on again.
  await daemon.client.worktree.create({ project: repo.path, branch: 'made' });
  expect(existsSync(worktreePath)).toBe(true);
  expect(await repo.gitIn(worktreePath, 'rev-parse', 'HEAD')).toBe(commit);
});

test('a branch that somebody moves while its session works stays where it was put, and the work of the session is kept', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({ home, commands: { hello } });
  const { id, worktreePath, commit } = await inTheMiddle(daemon, repo, signals);
  const other = await repo.commit('of the user', { 'user.txt': 'user\n' });

  await repo.git('update-ref', 'refs/heads/made', other);
  signals.open('gate');
  const ended = await daemon.ended(id);

  expect(ended.status).toBe('succeeded');
  expect(await repo.git('rev-parse', 'made')).toBe(other);
  // The files of the session differ from where the branch is now: that is work.
  expect(existsSync(worktreePath)).toBe(true);
  expect(await repo.git('cat-file', '-t', commit)).toBe('commit');
  expect(ended.stepRuns.at(-1)).toMatchObject({ name: 'release worktree', status: 'succeeded' });
  await expectToWork(daemon, repo);
});

test.each([
  ['of the index', (gitDir: string) => join(gitDir, 'index.lock')],
  ['of HEAD', (gitDir: string) => join(gitDir, 'HEAD.lock')],
])('a lock %s that a dead git left is named, and never removed by the daemon', async (_, lockOf) => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    config: '[retry.file]\nmax_attempts = 2\ninitial_backoff_ms = 10\n',
    commands: { hello },
  });
  const { client } = daemon;
  const project = await client.project.add({ path: repo.path });
  const worktree = await client.worktree.create({ project: project.id, branch: 'topic' });
  writeFileSync(join(worktree.path, 'new.txt'), 'new\n');
  const lock = lockOf(await repo.gitIn(worktree.path, 'rev-parse', '--absolute-git-dir'));
  writeFileSync(lock, '');

  const refused = await client.worktree.commit({ worktree: worktree.id, message: 'Add it', all: true }).catch((error: unknown) => error);

  expect(refused).toMatchObject({ kind: 'TOOL_FAILED', message: expect.stringContaining(lock) });
  expect(existsSync(lock)).toBe(true);
  rmSync(lock);
  await expect(client.worktree.commit({ worktree: worktree.id, message: 'Add it', all: true })).resolves.toMatchObject({ files: 1 });
  await expectToWork(daemon, repo);
});

test('a lock of a branch that a dead git left holds up the making of a worktree by name, and leaves nothing behind', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ config: '[retry.file]\nmax_attempts = 2\ninitial_backoff_ms = 10\n', commands: { hello } });
  const lock = join(repo.path, '.git', 'refs', 'heads', 'hello.lock');
  writeFileSync(lock, '');

  const ended = await daemon.ended((await daemon.start(repo.path, 'hello')).id);

  expect(ended).toMatchObject({ status: 'failed', error: expect.stringContaining('hello.lock') });
  expect(existsSync(lock)).toBe(true);
  expect(await repo.git('branch', '--format=%(refname:short)')).toBe('master');
  rmSync(lock);
  await expectToWork(daemon, repo);
});

test('a lock of a branch that a dead git left keeps the branch of a worktree that is removed, and not the worktree', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({ config: '[retry.file]\nmax_attempts = 2\ninitial_backoff_ms = 10\n' });
  const { client, home } = daemon;
  const project = await client.project.add({ path: repo.path });
  const { id, path } = await client.worktree.create({ project: project.id, branch: 'topic' });
  const lock = join(repo.path, '.git', 'refs', 'heads', 'topic.lock');
  writeFileSync(lock, '');

  expect(await client.worktree.remove({ worktree: id })).toMatchObject({ branchDeleted: false });

  expect(existsSync(path)).toBe(false);
  expect((await client.worktree.list({ project: project.id })).worktrees).toEqual([]);
  expect(existsSync(lock)).toBe(true);
  expect(await repo.git('branch', '--list', '--format=%(refname:short)', 'topic')).toBe('topic');
  expect(home.log()).toMatch(/the branch \\?"topic\\?" of a removed worktree stays/);
});

test('a branch of the task that somebody moves, or locks, between two merges is never overwritten', async () => {
  await using setup = await setUpSpecTasks({ config: '[retry.file]\nmax_attempts = 2\ninitial_backoff_ms = 10\n' });
  const { daemon, repo } = setup;
  const gate = daemon.home.path('gate');
  const { id } = await setup.started([
    { title: 'First', does: ['write one.txt one', 'commit Add one'] },
    { title: 'Second', after: '1', does: [`wait ${gate}`, 'write two.txt two', 'commit Add two'] },
  ]);
  await setup.workSession(id, '1', ({ status }) => status === 'completed');
  const { integrationBranch } = await daemon.client.specTask.get({ id });
  const lock = join(repo.path, '.git', 'refs', 'heads', `${integrationBranch}.lock`);
  // A commit of the user on top of what is merged, made without any checkout.
  const tip = await repo.git('rev-parse', integrationBranch);
  const mine = await repo.git('commit-tree', `${tip}^{tree}`, '-p', tip, '-m', 'of the user');
  await repo.git('update-ref', `refs/heads/${integrationBranch}`, mine);
  writeFileSync(lock, '');
  writeFileSync(gate, '');

  // Its agent is asked first and goes on by itself; blocked for the second time, it waits for a person.
  await until('the second merge that the lock stops', async () => {
    const { events } = await daemon.client.event.list({ types: ['workSession.statusChanged'], limit: 200 });
    return events.filter(({ data }) => (data as { reason?: string }).reason === 'merge_conflict').length === 2;
  });
  const blocked = await setup.workSession(id, '2', ({ status }) => status === 'blocked');
  expect(blocked).toMatchObject({ blockedReason: 'merge_conflict', blockedDetail: expect.stringContaining(lock) });
  expect(existsSync(lock)).toBe(true);
  expect(await repo.git('rev-parse', integrationBranch)).toBe(mine);
  rmSync(lock);
  await daemon.client.workSession.resume({ id: blocked.id });
  await setup.reached(id, 'implementation_review');
  const log = await repo.git('log', '--format=%s', integrationBranch);
  expect(log.split('\n')).toEqual(expect.arrayContaining(['of the user', 'Add one', 'Add two']));
});
