// Worktrees of a real daemon, and work of every kind to put into them.
import { chmodSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worktree } from '../../schemas/worktree.ts';
import type { RealDaemon } from './real-daemon.ts';
import { createTestRepo, type TestRepo } from './repo.ts';
import { type TreePrint, treePrint } from './tree-print.ts';

export async function createWorktree(daemon: RealDaemon, repo: TestRepo, branch: string, base?: string): Promise<Worktree> {
  const project = await daemon.client.project.add({ path: repo.path });
  return daemon.client.worktree.create({ project: project.id, branch, ...(base === undefined ? {} : { base }) });
}

/** A repository in which some ignored files are listed as worth keeping. */
export async function repoWithIgnores(): Promise<TestRepo> {
  const repo = await createTestRepo();
  await repo.commit('ignores', { '.gitignore': '.env*\n.vscode/\n*.key\nbuild/\n', '.worktreeinclude': '*.key\n' });
  return repo;
}

/**
 * In a worktree of `repoWithIgnores`: an unmerged commit, staged, unstaged and untracked work, a deletion, an executable, a symlink, and
 * listed ignored files of several modes. Answers how it looks.
 */
export async function fillWithWork(repo: TestRepo, { path }: Worktree): Promise<TreePrint> {
  await repo.commit('unmerged', { 'committed.txt': 'c\n', 'gone.txt': 'g\n', 'both.txt': '1\n' }, path);
  writeFileSync(join(path, 'staged.txt'), 'staged\n');
  writeFileSync(join(path, 'both.txt'), '2\n');
  await repo.gitIn(path, 'add', 'staged.txt', 'both.txt');
  writeFileSync(join(path, 'both.txt'), '3\n');
  writeFileSync(join(path, 'readme.txt'), 'unstaged\n');
  unlinkSync(join(path, 'gone.txt'));
  mkdirSync(join(path, 'new'));
  writeFileSync(join(path, 'new/run ü.sh'), '#!/bin/sh\n');
  chmodSync(join(path, 'new/run ü.sh'), 0o755);
  symlinkSync('new/run ü.sh', join(path, 'link'));
  writeFileSync(join(path, '.env.local'), 'SECRET=1\n');
  chmodSync(join(path, '.env.local'), 0o600);
  mkdirSync(join(path, '.vscode'));
  writeFileSync(join(path, '.vscode/settings.json'), '{}\n');
  writeFileSync(join(path, 'listed.key'), 'k\n');
  return treePrint(repo, path);
}
