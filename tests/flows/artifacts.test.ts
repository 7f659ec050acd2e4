// What a session leaves behind: put, archived, pruned.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandFile, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';

const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

test('artifacts are put by path and content, and nothing escapes', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  await using daemon = await startRealDaemon({ home, commands: { hello: commandFile('hello', { steps: [shell('echo hello')] }) } });
  const { id, slug, artifactDir } = await daemon.ended((await daemon.start(repo.path, 'hello')).id);
  const put = (params: object) => daemon.client.artifact.put({ session: id, name: 'x.txt', ...params } as never);

  const stored = await put({ name: 'deep/er/report.md', kind: 'analysis', content: '# r' });
  expect(stored).toMatchObject({ kind: 'analysis', path: 'outputs/deep/er/report.md', sizeBytes: 3, mime: 'text/markdown' });
  expect(stored.sha256).toBe(createHash('sha256').update('# r').digest('hex'));
  expect((await daemon.client.artifact.read({ id: stored.id })).data).toBe('# r');
  const byPath = await daemon.cli(['artifacts', slug, '--put', 'readme.txt'], { cwd: repo.path });
  expect(byPath.stdout).toMatch(/^outputs\/readme\.txt art_/);
  expect((await daemon.cli(['artifact', 'read', slug, 'outputs/readme.txt'])).stdout).toBe('hello\n');

  writeFileSync(home.path('secret'), 'secret');
  symlinkSync(home.path('secret'), join(repo.path, 'link'));
  for (const path of [home.path('secret'), join(repo.path, 'link'), `${repo.path}/../home/.gitconfig`, repo.path]) {
    await expect(put({ path }), path).rejects.toMatchObject({ kind: 'PRECONDITION' });
  }
  for (const name of ['../x', '/etc/x', 'a/../../x', 'a//b', '.', 'a/./b', 'a\nb']) {
    await expect(put({ name, content: 'x' }), name).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  }
  symlinkSync(home.path(''), join(artifactDir, 'outputs', 'out'));
  await expect(put({ name: 'out/x.txt', content: 'x' })).rejects.toMatchObject({ kind: 'PRECONDITION' });
  symlinkSync(home.path('secret'), join(artifactDir, 'outputs', 'target'));
  await put({ name: 'target', content: 'new' });
  expect(readFileSync(home.path('secret'), 'utf8')).toBe('secret');
  expect(lstatSync(join(artifactDir, 'outputs', 'target')).isFile()).toBe(true);
  await expect(put({ kind: 'log', name: '001-echo-hello.log', content: 'forged' })).rejects.toMatchObject({ kind: 'PRECONDITION' });
  await expect(put({ content: 'x', path: join(repo.path, 'readme.txt') })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  await expect(put({})).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
});

test('an archive is the same bytes twice; pruning tells first, spares what is kept, and then deletes', async () => {
  await using repo = await createTestRepo();
  const keep = commandFile('keep', { worktree: { branch: 'kept', keep: 'always' }, steps: [shell('echo kept', { run_in: 'process' })] });
  await using daemon = await startRealDaemon({ commands: { hello: commandFile('hello', { steps: [shell('echo hello')] }), keep } });
  const session = await daemon.ended((await daemon.start(repo.path, 'hello')).id);
  const kept = await daemon.ended((await daemon.start(repo.path, 'keep')).id);

  const archive = await daemon.client.artifact.archive({ session: session.slug });
  expect(archive.sha256).toBe(createHash('sha256').update(readFileSync(archive.path)).digest('hex'));
  expect(modeOf(archive.path)).toBe(0o600);
  expect(statSync(archive.path).size).toBe(archive.sizeBytes);
  const names = execFileSync('tar', ['-tzf', archive.path], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(names).toEqual(names.toSorted());
  expect(names).toContain(`${session.slug}/logs/001-echo-hello.log`);
  expect((await daemon.client.artifact.archive({ session: session.slug })).sha256).toBe(archive.sha256);

  await expect(daemon.client.artifact.prune({})).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
  const told = await daemon.client.artifact.prune({ keepBytes: 0, dryRun: true });
  expect(told.sessions.map(({ id }) => id)).toEqual([session.id]);
  expect(existsSync(session.artifactDir)).toBe(true);
  expect((await daemon.client.artifact.prune({ olderThanDays: 1 })).sessions).toEqual([]);

  const pruned = await daemon.client.artifact.prune({ olderThanDays: 0 });
  expect(pruned).toEqual({ ...told, dryRun: false });
  expect(existsSync(session.artifactDir)).toBe(false);
  expect(existsSync(kept.artifactDir)).toBe(true);
  expect((await daemon.client.artifact.list({ session: session.id })).artifacts).toEqual([]);
  expect((await daemon.client.session.get({ id: session.id })).status).toBe('succeeded');
  await expect(daemon.client.artifact.archive({ session: session.id })).rejects.toMatchObject({ kind: 'PRECONDITION' });
  expect((await daemon.cli(['artifact', 'prune', '--keep', '0', '--dry-run'])).exitCode).toBe(0);
});
