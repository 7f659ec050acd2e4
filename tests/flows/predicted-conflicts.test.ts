// Conflicts that are told before anybody merges.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { failureOf } from '../helpers/failure-of.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createWorktree } from '../helpers/worktrees.ts';

test('predicted conflicts of twelve branches are those that git merge has', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const lines = Array.from({ length: 30 }, (_, line) => `line ${line}`);
  const edited = (at: number, text: string): string => `${lines.with(at, text).join('\n')}\n`;
  await repo.commit('base', { 'a.txt': `${lines.join('\n')}\n`, 'b.txt': 'b\n', 'dir/c.txt': 'c\n', 'd.txt': 'd\n' });
  const main = await repo.fingerprint();
  const changes: ((path: string, name: string) => Promise<unknown>)[] = [
    (path, name) => repo.commit(name, { 'a.txt': edited(2, name) }, path),
    (path, name) => repo.commit(name, { 'a.txt': edited(20, name) }, path),
    (path, name) => repo.commit(name, { 'b.txt': `${name}\n`, 'a.txt': edited(2, name) }, path),
    async (path, name) => repo.gitIn(path, 'rm', '-q', 'b.txt').then(() => repo.commit(name, {}, path)),
    async (path, name) => repo.gitIn(path, 'mv', 'dir', 'moved').then(() => repo.commit(name, { 'moved/c.txt': `${name}\n` }, path)),
    (path, name) => repo.commit(name, { 'new ü.txt': `${name}\n` }, path),
    (path, name) => repo.commit(name, { 'new ü.txt': `${name}\n`, 'dir/c.txt': `${name}\n` }, path),
    (path, name) => repo.commit(name, { 'd.txt': `${name}\n` }, path),
    async (path, name) => repo.gitIn(path, 'rm', '-q', 'd.txt').then(() => repo.commit(name, { 'd.txt/inside.txt': name }, path)),
    (path, name) => repo.commit(name, { 'other.txt': name }, path),
    async (path) => path,
    (path, name) => repo.commit(name, { 'a.txt': edited(2, 'same'), 'b.txt': 'same\n' }, path),
  ];
  for (const [at, change] of changes.entries()) {
    const name = `branch-${String(at).padStart(2, '0')}`;
    await change((await createWorktree(daemon, repo, name, 'master')).path, name);
  }

  const project = repo.path;
  const { branches, conflicts } = await daemon.client.worktree.predictConflicts({ project });

  expect(branches).toHaveLength(12);
  const trial = repo.beside('trial');
  await repo.gitIn(repo.directory, 'clone', '--quiet', repo.path, trial);
  await repo.gitIn(trial, 'checkout', '-q', '--detach');
  await repo.gitIn(trial, 'fetch', '-q', 'origin', 'refs/heads/branch-*:refs/heads/branch-*');
  let merges = 0;
  const real: Record<string, string[]> = {};
  for (const [at, a] of branches.entries()) {
    for (const b of branches.slice(at + 1)) {
      await repo.gitIn(trial, 'checkout', '-q', '--force', '--detach', a);
      await repo.gitIn(trial, 'merge', '--quiet', '--no-edit', b).catch(() => undefined);
      merges += 1;
      const unmerged = (await repo.gitIn(trial, 'ls-files', '-u', '-z')).split('\0').filter((line) => line !== '');
      const files = [...new Set(unmerged.map((line) => line.slice(line.indexOf('\t') + 1).replace(/~(HEAD|branch-\d\d)$/, '')))].sort();
      if (files.length > 0) real[`${a} ${b}`] = files;
      await repo.gitIn(trial, 'reset', '-q', '--hard');
      await repo.gitIn(trial, 'clean', '-q', '-fdx');
    }
  }
  expect(merges).toBe(66);
  expect(Object.keys(real).length).toBeGreaterThan(5);
  expect(Object.fromEntries(conflicts.map(({ a, b, files }) => [`${a} ${b}`, files]))).toEqual(real);
  expect(await repo.fingerprint()).toBe(main);
  expect(readdirSync(daemon.home.worktreesDir).filter((name) => name.startsWith('.scratch'))).toEqual([]);
  expect((await daemon.cli(['worktree', 'conflicts'], { cwd: repo.path })).stdout).toContain('a.txt');
  await failureOf(daemon.client.worktree.predictConflicts({ project, branches: ['branch-00', 'nowhere'] }), 'NOT_FOUND');
});
