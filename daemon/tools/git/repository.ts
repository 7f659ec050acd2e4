import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../../../schemas/errors.ts';
import { type GitDirs, gitDirsOf, isAbsence, isGitDir, readText } from './git-files.ts';
import type { RunGit } from './run-git.ts';

/** All a git call needs to know of a repository. Both paths are absolute and real. */
export interface Repository {
  readonly mainCheckout: string;
  readonly gitCommonDir: string;
}

export interface FoundRepository extends Repository {
  /** The asked path lies in a linked worktree. */
  readonly isWorktree: boolean;
  /** The top of the checkout that holds the asked path. */
  readonly worktreePath: string;
}

/** The repository around a path; undefined when there is none. Throws PRECONDITION for a bare or broken one. */
export async function findRepository(git: RunGit, path: string): Promise<FoundRepository | undefined> {
  const start = await realDirectory(path);
  if (start === undefined) return undefined;
  const device = (await stat(start)).dev;
  for (let directory = start; ; directory = dirname(directory)) {
    // Like git, do not look beyond the file system of the path.
    if ((await stat(directory)).dev !== device) return undefined;
    const dirs = await gitDirsOf(directory);
    if (dirs) return describe(git, directory, dirs);
    if (basename(directory) !== '.git' && (await isGitDir(directory))) throw bare(directory);
    if (directory === dirname(directory)) return undefined;
  }
}

async function realDirectory(path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : dirname(real);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw new Failure('PRECONDITION', `The path "${path}" cannot be looked at; give the daemon's user access to it.`, {
      details: { reason: 'unreadable', path },
      cause: error,
    });
  }
}

async function describe(git: RunGit, worktreePath: string, { gitDir, commonDir }: GitDirs): Promise<FoundRepository> {
  const { isBare, workTree } = await readLayout(git, commonDir);
  if (isBare) throw bare(commonDir);
  const isWorktree = gitDir !== commonDir;
  const named = workTree ?? (isWorktree ? mainOf(commonDir) : worktreePath);
  const mainCheckout = await realDirectory(named);
  if (mainCheckout === undefined) throw gone(named);
  return { mainCheckout, gitCommonDir: await realpath(commonDir), isWorktree, worktreePath };
}

/** core.bare and core.worktree. Git is asked only when the config file says something about them, or includes others. */
async function readLayout(git: RunGit, commonDir: string): Promise<{ isBare: boolean; workTree: string | undefined }> {
  const config = (await readText(join(commonDir, 'config'))) ?? '';
  if (!/worktree|include|bare(?!\s*=\s*false\s*$)/im.test(config)) {
    return { isBare: false, workTree: undefined };
  }
  const ask = async (type: string, key: string): Promise<string> =>
    (
      await git.read(commonDir, [`--git-dir=${commonDir}`, 'config', `--type=${type}`, '--get', key], { okExitCodes: [0, 1] })
    ).stdout.trimEnd();
  const isBare = (await ask('bool', 'core.bare')) === 'true';
  const workTree = await ask('path', 'core.worktree');
  return { isBare, workTree: workTree === '' ? undefined : resolve(commonDir, workTree) };
}

function mainOf(commonDir: string): string {
  if (basename(commonDir) === '.git') return dirname(commonDir);
  throw new Failure(
    'PRECONDITION',
    `Git does not record the main checkout of "${commonDir}", which lies apart from it; name the main checkout itself.`,
    { details: { reason: 'main_checkout_unknown', path: commonDir } },
  );
}

function gone(path: string): Failure {
  return new Failure('PRECONDITION', `The main checkout "${path}" is gone; bring it back or correct core.worktree.`, {
    details: { reason: 'main_checkout_missing', path },
  });
}

function bare(path: string): Failure {
  return new Failure('PRECONDITION', `The repository "${path}" is bare and has no checkout to work beside; clone it and name the clone.`, {
    details: { reason: 'bare_repository', path },
  });
}
