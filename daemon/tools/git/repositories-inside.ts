// Repositories that lie in a worktree and go with it: their commits are in no reference of the outer one, so nothing here can save them.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence } from './git-files.ts';
import { gitlinks } from './gitlinks.ts';
import type { RunGit } from './run-git.ts';
import { status, type WorktreeStatus } from './status.ts';

export interface Inside {
  readonly worktreePath: string;
  /** Of the worktree, where somebody has asked already; the rest is looked at while git answers. */
  readonly known?: Promise<Pick<WorktreeStatus, 'untracked'>> | undefined;
}

/** Paths of those that hold work which is nowhere else: changes, commits that are on no remote, stashes; or that belong to nothing. */
export function repositoriesAtRisk(git: RunGit, { worktreePath, known }: Inside): Promise<string[]> {
  return look(git, worktreePath, '', known);
}

async function look(git: RunGit, worktreePath: string, below: string, known?: Inside['known']): Promise<string[]> {
  const at = join(worktreePath, below);
  const found: string[] = [];
  // A repository that is not tracked is listed as a folder.
  const [{ untracked }, links] = await Promise.all([known ?? status(git, at), gitlinks(git, at)]);
  found.push(...untracked.filter((path) => path.endsWith('/')).map((path) => join(below, path.slice(0, -1))));
  for (const path of links) {
    const dotGit = await kindOfGit(join(at, path, '.git'));
    if (dotGit === undefined) continue;
    // Whose git directory lies here, and not beside that of the worktree, is not brought back by an update of submodules.
    if (dotGit === 'directory' || (await hasOwnWork(git, join(at, path)))) found.push(join(below, path));
    else found.push(...(await look(git, worktreePath, join(below, path))));
  }
  return found;
}

async function hasOwnWork(git: RunGit, path: string): Promise<boolean> {
  if (!(await status(git, path)).clean) return true;
  const args = [
    'rev-list',
    '--max-count=1',
    '--branches',
    '--tags',
    '--glob=refs/stash',
    '--ignore-missing',
    'HEAD',
    '--not',
    '--remotes',
    '--',
  ];
  return (await git.read(path, args)).stdout !== '';
}

async function kindOfGit(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
