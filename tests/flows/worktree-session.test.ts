// A command with a worktree and a terminal, from the command line to what is left behind.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { type RealDaemon, type SessionRecord, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';

const featureBranch = `
name: feature-branch
description: Makes a branch for a feature and commits to it.
arguments:
  - feature_name
pre_steps: [setup-environment, validate-prerequisites]
steps:
  - gather-context
  - create-worktree
  - start-session
  - {type: shell, action: 'echo made > f.txt; git add f.txt; git commit -qm made'}
post_steps: [store-artifacts]
worktree:
  branch: "feature/{{ feature_name }}"
`;

async function repoWithCommand(): Promise<TestRepo> {
  const repo = await createTestRepo({ branch: 'master' });
  await repo.commit('command', { '.prj/commands/feature-branch.yaml': featureBranch });
  return repo;
}

async function mainCheckout(repo: TestRepo): Promise<string> {
  const [fingerprint, head, index] = await Promise.all([
    repo.fingerprint(),
    readFile(join(repo.path, '.git', 'HEAD'), 'utf8'),
    readFile(join(repo.path, '.git', 'index'), 'hex'),
  ]);
  return [fingerprint, head, index, await repo.git('rev-parse', 'master'), await repo.git('stash', 'list')].join('\n---\n');
}

test('a command makes its branch, worktree, terminal, commit and artifacts, and leaves the main checkout alone', async () => {
  await using repo = await repoWithCommand();
  await using daemon = await startRealDaemon();
  const before = await mainCheckout(repo);
  const begun = Date.now();

  const ran = await daemon.cli(['run', 'feature-branch', 'feature_name=auth', '--json'], { cwd: repo.path });

  expect(ran).toMatchObject({ exitCode: 0 });
  const session = JSON.parse(ran.stdout) as SessionRecord;
  expect(session).toMatchObject({ status: 'succeeded', kind: 'worktree', branch: 'feature/auth', commandName: 'feature-branch' });
  expect(await mainCheckout(repo)).toBe(before);

  const { worktreePath } = session;
  const branches = (await repo.git('worktree', 'list', '--porcelain')).match(/^branch .*$/gm);
  expect(branches).toEqual(['branch refs/heads/master', 'branch refs/heads/feature/auth']);
  expect(await repo.gitIn(worktreePath as string, 'status', '--porcelain', '--ignored')).toBe('');
  expect(await repo.git('log', '--format=%s', 'master..feature/auth')).toBe('made');
  expect(await repo.git('show', 'feature/auth:f.txt')).toBe('made');

  const terminals = await daemon.tmux('list-sessions', '-F', '#{session_name} #{session_attached} #{session_path}');
  expect(terminals.split('\n').filter((line) => !line.startsWith('coppice-hub'))).toEqual([`${session.terminalName} 0 ${worktreePath}`]);
  const panes = await daemon.tmux('list-panes', '-s', '-t', `=${session.terminalName}`, '-F', '#{pane_pid} #{pane_current_path}');
  const [pid, cwd] = (panes.split('\n')[0] as string).split(' ');
  expect(isAlive(Number(pid))).toBe(true);
  expect(cwd === worktreePath || cwd === '/').toBe(true);

  expect(session.stepRuns.map(({ phase, name, status, index }) => [phase, index, name, status])).toEqual([
    ['lifecycle', 0, 'acquire worktree', 'succeeded'],
    ['lifecycle', 0, 'acquire terminal', 'succeeded'],
    ['pre', 1, 'setup-environment', 'succeeded'],
    ['pre', 2, 'validate-prerequisites', 'succeeded'],
    ['main', 3, 'gather-context', 'succeeded'],
    ['main', 4, 'create-worktree', 'succeeded'],
    ['main', 5, 'start-session', 'succeeded'],
    ['main', 6, expect.stringContaining('echo made'), 'succeeded'],
    ['post', 7, 'store-artifacts', 'succeeded'],
    ['lifecycle', 0, 'release terminal', 'succeeded'],
    ['lifecycle', 0, 'release worktree', 'succeeded'],
  ]);
  let last = begun;
  for (const step of session.stepRuns) {
    const started = Date.parse(step.startedAt as string);
    const ended = Date.parse(step.endedAt as string);
    expect(started, step.name).toBeGreaterThanOrEqual(last);
    expect(ended, step.name).toBeGreaterThanOrEqual(started);
    expect(ended).toBeLessThanOrEqual(Date.now());
    expect(step.exitCode).toBe(step.phase === 'lifecycle' ? undefined : 0);
    last = ended;
  }

  const { artifacts } = await daemon.client.artifact.list({ session: session.id });
  const paths = artifacts.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['specs/context.json', 'logs/006-echo-made-f-txt-git-add-f-txt-git-commit-qm-made.log']));
  for (const artifact of artifacts) {
    const bytes = await readFile(join(session.artifactDir, artifact.path));
    // The terminal is kept, so its log goes on to grow behind what the session ended with.
    const stored = artifact.path === 'logs/000-terminal.log' ? bytes.subarray(0, artifact.sizeBytes) : bytes;
    expect(artifact, artifact.path).toMatchObject({ sha256: createHash('sha256').update(stored).digest('hex'), sizeBytes: stored.length });
  }
  const context = JSON.parse(await readFile(join(session.artifactDir, 'specs', 'context.json'), 'utf8')) as Record<string, unknown>;
  expect(context).toMatchObject({ project_name: 'repo', git_branch: 'feature/auth' });
  expect(((await stat(daemon.home.databasePath)).mode & 0o777).toString(8)).toBe('600');
});

test('three runs at once make three worktrees, three terminals and three commits', async () => {
  await using repo = await repoWithCommand();
  await using daemon = await startRealDaemon();
  const before = await mainCheckout(repo);
  const names = ['one', 'two', 'three'];

  const ran = await Promise.all(
    names.map((name) => daemon.cli(['run', 'feature-branch', `feature_name=${name}`, '--json'], { cwd: repo.path })),
  );

  expect(ran.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(names.map(() => ({ exitCode: 0, stderr: '' })));
  const sessions = ran.map(({ stdout }) => JSON.parse(stdout) as SessionRecord);
  expect(await mainCheckout(repo)).toBe(before);
  for (const [index, name] of names.entries()) {
    const session = sessions[index] as SessionRecord;
    expect(session.branch).toBe(`feature/${name}`);
    expect(await repo.git('log', '--format=%s', `master..feature/${name}`)).toBe('made');
    expect(await repo.gitIn(session.worktreePath as string, 'status', '--porcelain')).toBe('');
  }
  for (const key of ['worktreePath', 'terminalName', 'artifactDir', 'slug'] as const) {
    expect(new Set(sessions.map((session) => session[key])).size, key).toBe(3);
  }
  const listed = (await daemon.tmux('list-sessions', '-F', '#{session_name}')).split('\n').filter((name) => name !== 'coppice-hub');
  expect(listed.sort()).toEqual(sessions.map(({ terminalName }) => terminalName).sort());
  expect((await daemon.client.worktree.list({})).worktrees.map(({ status }) => status)).toEqual(['present', 'present', 'present']);
});

test('a worktree nobody touched goes with its branch, and a touched one stays and says why', async () => {
  await using repo = await createTestRepo();
  await using daemon: RealDaemon = await startRealDaemon({
    commands: {
      look: 'name: look\nworktree: {branch: "look"}\nsteps: ["git log -1"]',
      touch: 'name: touch\nworktree: {branch: "touch"}\nsteps: ["echo new > new.txt"]',
      commit: 'name: commit\nworktree: {branch: "commit"}\nsteps: ["git commit --allow-empty -qm more"]',
    },
  });

  const [look, touch, commit] = await Promise.all(
    ['look', 'touch', 'commit'].map(async (name) => daemon.ended((await daemon.start(repo.path, name)).id)),
  );

  expect([look?.status, touch?.status, commit?.status]).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect((await repo.git('branch', '--format=%(refname:short)')).split('\n')).toEqual(['commit', 'master', 'touch']);
  expect(await readFile(join(touch?.worktreePath as string, 'new.txt'), 'utf8')).toBe('new\n');
  await expect(stat(look?.worktreePath as string)).rejects.toThrow('ENOENT');
  const kept = (await daemon.client.worktree.list({})).worktrees;
  expect(kept.map(({ branch, retained }) => [branch, retained]).sort()).toEqual([
    ['commit', 'dirty'],
    ['touch', 'dirty'],
  ]);
  expect((await daemon.events({ types: ['worktree.removed'] })).map(({ data }) => data)).toEqual([
    { path: look?.worktreePath, branch: 'look', branchDeleted: true },
  ]);
  expect((await daemon.client.terminal.list({})).terminals).toEqual([]);
});
