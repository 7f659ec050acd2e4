// A removal needs proof, whatever the path of the worktree looks like by then.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

async function makeWorktree(daemon: RealDaemon, path: string, branch: string) {
  const project = await daemon.client.project.add({ path });
  return daemon.client.worktree.create({ project: project.id, branch });
}

test('below a linked root a worktree has its real path, is no orphan, and keeps its work', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  mkdirSync(home.path('elsewhere'));
  symlinkSync(home.path('elsewhere'), home.path('link'));
  await using daemon = await startRealDaemon({ home, config: `[worktrees]\nroot = "${home.path('link')}/trees"\n` });
  const worktree = await makeWorktree(daemon, repo.path, 'topic');
  expect(worktree.path).toBe(home.path('elsewhere/trees/repo/topic'));
  writeFileSync(join(worktree.path, 'work.txt'), 'work');

  expect(await daemon.client.worktree.list({ project: repo.path })).toMatchObject({ worktrees: [{ status: 'present' }], orphans: [] });
  await daemon.restart();
  expect((await daemon.client.worktree.get({ worktree: 'topic' })).status).toBe('present');
  await expect(daemon.client.worktree.remove({ worktree: 'topic' })).rejects.toMatchObject({
    kind: 'WORK_AT_RISK',
    details: { paths: ['work.txt'] },
  });
  rmSync(join(worktree.path, 'work.txt'));
  expect(await daemon.client.worktree.remove({ worktree: join(home.path('link'), 'trees/repo/topic') })).toEqual({ branchDeleted: true });
});

test('a worktree whose folder was moved behind a link is still there, and keeps its work', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await makeWorktree(daemon, repo.path, 'topic');
  writeFileSync(join(worktree.path, 'work.txt'), 'work');

  // As when somebody moves the data directory to another disk.
  renameSync(daemon.home.worktreesDir, daemon.home.path('moved'));
  symlinkSync(daemon.home.path('moved'), daemon.home.worktreesDir);
  await daemon.restart();

  expect((await daemon.client.worktree.list({})).worktrees).toMatchObject([{ id: worktree.id, status: 'present' }]);
  for (const ref of [worktree.id, worktree.path, 'topic']) {
    await expect(daemon.client.worktree.remove({ worktree: ref }), ref).rejects.toMatchObject({ kind: 'WORK_AT_RISK' });
  }
  expect(readFileSync(join(worktree.path, 'work.txt'), 'utf8')).toBe('work');
});

test('files that are no checkout any more are not thrown away, not even by force', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const worktree = await makeWorktree(daemon, repo.path, 'topic');
  writeFileSync(join(worktree.path, 'work.txt'), 'work');
  const link = readFileSync(join(worktree.path, '.git'), 'utf8');
  rmSync(join(worktree.path, '.git'));

  for (const force of [false, true]) {
    await expect(daemon.client.worktree.remove({ worktree: 'topic', force })).rejects.toMatchObject({
      kind: 'WORK_AT_RISK',
      message: expect.stringContaining('no checkout any more'),
    });
  }
  await daemon.restart();
  expect(readFileSync(join(worktree.path, 'work.txt'), 'utf8')).toBe('work');
  writeFileSync(join(worktree.path, '.git'), link);
  await daemon.restart();
  expect((await daemon.client.worktree.get({ worktree: 'topic' })).status).toBe('present');
});

test('the daemon’s own look at a worktree does not stand in the way of its removal', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const bin = home.path('bin');
  mkdirSync(bin);
  const waits = `case "$*" in *--patch*) ${signals.tell('diff', '$PWD')}; ${signals.waitFor('gate')};; esac`;
  writeFileSync(join(bin, 'git'), `#!/bin/sh\n${waits}\nPATH=${process.env.PATH} exec git "$@"\n`, { mode: 0o755 });
  await using daemon = await startRealDaemon({ home, env: { PATH: `${bin}:${process.env.PATH}` } });
  const worktree = await makeWorktree(daemon, repo.path, 'topic');

  const looking = daemon.client.worktree.diff({ worktree: 'topic', patch: true }).catch((error: unknown) => error);
  expect(await signals.lines('diff')).toEqual([worktree.path]);
  const removed = await daemon.client.worktree.remove({ worktree: 'topic' });
  signals.open('gate');
  await looking;

  expect(removed).toEqual({ branchDeleted: true });
  expect(existsSync(worktree.path)).toBe(false);
});

test('rm of a session ends its terminal only when the worktree goes too', { timeout: 120_000 }, async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon({
    commands: {
      work: commandFile('work', {
        arguments: [{ name: 'file', default: '' }],
        worktree: { branch: '{{ session_name }}' },
        steps: [shell('[ -z "$COPPICE_ARG_FILE" ] || echo work > "$COPPICE_ARG_FILE"'), 'create-worktree', 'start-session'],
      }),
    },
  });
  const clean = await daemon.ended((await daemon.start(repo.path, 'work')).id);
  const dirty = await daemon.ended((await daemon.start(repo.path, 'work', { arguments: { file: 'a.txt' } })).id);
  expect([clean.status, dirty.status]).toEqual(['succeeded', 'succeeded']);
  const live = async () => (await daemon.client.terminal.list({})).terminals.map(({ name }) => name).sort();
  expect(await live()).toEqual([clean.slug, dirty.slug].sort());

  const refused = await daemon.cli(['rm', dirty.slug]);
  expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('not committed') });
  expect(await live()).toEqual([clean.slug, dirty.slug].sort());

  expect(await daemon.cli(['rm', clean.slug])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await live()).toEqual([dirty.slug]);
  expect(existsSync(clean.worktreePath as string)).toBe(false);
  expect(await daemon.cli(['rm', '--keep-worktree', dirty.slug])).toMatchObject({ exitCode: 0 });
  expect(await live()).toEqual([]);
  expect(readFileSync(join(dirty.worktreePath as string, 'a.txt'), 'utf8')).toBe('work\n');
});
