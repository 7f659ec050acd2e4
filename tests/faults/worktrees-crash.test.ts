// The daemon is killed amid what it does with worktrees: nothing is lost, nothing is left half-made, and what was begun can be begun again.
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo, type TestRepo } from '../helpers/repo.ts';
import { sparesOf, sparesReady } from '../helpers/spares.ts';
import { createStoppingPrograms } from '../helpers/stopping-git.ts';
import { until } from '../helpers/until.ts';
import { createWorktree } from '../helpers/worktrees.ts';

const oneSpare = '[worktrees]\nspares = 1\n';
const trashIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('.coppice-trash-'));

/** Git's books and the disk agree, and the branch is free or whole. */
async function expectInOrder(daemon: RealDaemon, repo: TestRepo): Promise<void> {
  const { worktrees, orphans } = await daemon.client.worktree.list({ project: repo.path });
  expect(orphans).toEqual([]);
  expect(await repo.git('worktree', 'prune', '--dry-run', '--verbose')).toBe('');
  for (const { path, branch } of worktrees) expect(await repo.gitIn(path, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
  const branches = (await repo.git('branch', '--format=%(refname:short)')).split('\n').filter((name) => name !== 'master');
  expect(branches).toEqual(worktrees.map(({ branch }) => branch));
}

const points = [
  ['before', 'move'],
  ['after', 'move'],
  ['before', 'switch'],
  ['after', 'switch'],
] as const;

test.each(points)(
  'killed %s git %s while a spare is taken: the start is undone, and the next one succeeds',
  { timeout: 180_000 },
  async (when, word) => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const programs = createStoppingPrograms(home);
    await using daemon = await startRealDaemon({ home, config: oneSpare, env: { PATH: programs.PATH } });
    await daemon.client.project.add({ path: repo.path });
    await sparesReady(daemon, 1);

    programs.stopAt(when, word);
    const lost = createWorktree(daemon, repo, 'topic').catch((error: unknown) => error);
    await programs.killThere(daemon);
    await lost;

    await expectInOrder(daemon, repo);
    const { worktrees } = await daemon.client.worktree.list({ project: repo.path });
    if (worktrees.length === 0) await createWorktree(daemon, repo, 'topic');
    await sparesReady(daemon, 1);
    await expectInOrder(daemon, repo);
    expect(await createWorktree(daemon, repo, 'next')).toMatchObject({ status: 'present' });
  },
);

test('killed while a spare is checked out: what is half-made goes, and another one comes', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const programs = createStoppingPrograms(home);
  await using daemon = await startRealDaemon({ home, config: oneSpare, env: { PATH: programs.PATH } });
  programs.stopAt('before', 'reset');
  await daemon.client.project.add({ path: repo.path });
  await until('one to be begun', () => sparesOf(daemon).length === 1);
  const [half = ''] = sparesOf(daemon);
  await programs.killThere(daemon);

  const [whole = ''] = await sparesReady(daemon, 1);
  expect(whole).not.toBe(half);
  expect(existsSync(half)).toBe(false);
  await expectInOrder(daemon, repo);
});

test('a project that went while the daemon was on its way out leaves no spare', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const programs = createStoppingPrograms(home);
  await using daemon = await startRealDaemon({ home, config: oneSpare, env: { PATH: programs.PATH } });
  const project = await daemon.client.project.add({ path: repo.path });
  await sparesReady(daemon, 1);
  programs.stopAt('before', 'status');
  const lost = daemon.client.project.remove({ project: project.id }).catch((error: unknown) => error);
  await programs.killThere(daemon);
  await lost;

  expect((await daemon.client.project.list({})).projects).toEqual([]);
  await until('the spare to be gone', () => sparesOf(daemon).length === 0);
  await until('git to forget it', async () => !(await repo.git('worktree', 'list', '--porcelain')).includes('spare'));
});

test('killed between the rename and the end of a removal: nothing is left, and the removal can be asked for again', {
  timeout: 120_000,
}, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const programs = createStoppingPrograms(home);
  await using daemon = await startRealDaemon({ home, env: { PATH: programs.PATH } });
  const { path } = await createWorktree(daemon, repo, 'topic');
  programs.stopAt('before', 'update-ref');
  const lost = daemon.client.worktree.remove({ worktree: 'topic' }).catch((error: unknown) => error);
  await programs.killThere(daemon);
  await lost;

  expect(existsSync(path)).toBe(false);
  await until('its files to be gone', () => trashIn(join(home.worktreesDir, 'repo')).length === 0);
  expect((await daemon.client.worktree.get({ worktree: 'topic' })).status).toBe('missing');
  expect(await daemon.client.worktree.remove({ worktree: 'topic' })).toEqual({ branchDeleted: true });
  await expectInOrder(daemon, repo);
});

test('killed while files are deleted: the next start ends it, and touches nothing else', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const programs = createStoppingPrograms(home);
  await using daemon = await startRealDaemon({ home, env: { PATH: programs.PATH } });
  const folder = join(home.worktreesDir, 'repo');
  mkdirSync(home.path('precious'));
  writeFileSync(home.path('precious/note.txt'), 'note');
  const { path } = await createWorktree(daemon, repo, 'topic');
  await repo.git('config', 'core.excludesFile', home.path('ignored'));
  writeFileSync(home.path('ignored'), 'out\n');
  symlinkSync(home.path('precious'), join(path, 'out'));
  programs.stopAt('before', 'rm');
  expect(await daemon.client.worktree.remove({ worktree: 'topic' })).toEqual({ branchDeleted: true });
  await until('the files to be aside', () => trashIn(folder).length === 1);
  symlinkSync(home.path('precious'), join(folder, '.coppice-trash-link'));
  writeFileSync(join(folder, '.coppice-trash-file'), 'not a folder');
  writeFileSync(join(folder, 'trash.txt'), 'mine');
  await programs.killThere(daemon);

  await until('the files to be gone', () => trashIn(folder).length === 2);
  expect(readdirSync(folder).sort()).toEqual(['.coppice-trash-file', '.coppice-trash-link', 'trash.txt']);
  expect(readdirSync(home.path('precious'))).toEqual(['note.txt']);
  expect((await daemon.client.worktree.list({})).worktrees).toEqual([]);
});
