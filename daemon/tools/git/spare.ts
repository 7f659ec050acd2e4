// Spare worktrees: checked out ahead, so that one becomes a worktree of somebody at the price of a rename. Half-made ones bear no mark, and
// whoever finds one with work in it leaves it alone.
import { constants } from 'node:fs';
import { access, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isFailure } from '../../../schemas/errors.ts';
import { gitDirsOf, kindOf, readAdminEntries, readText } from './git-files.ts';
import { lockOf, type RemovedWorktree, removeWorktree } from './remove-worktree.ts';
import type { Repository } from './repository.ts';
import { undoAddition } from './roll-back-worktree.ts';
import { bulkMs, type RunGit } from './run-git.ts';
import { status } from './status.ts';
import { endStragglers, markOf } from './stragglers.ts';
import type { Trash } from './trash.ts';

/** Ours beyond doubt. */
export const sparePrefix = '.coppice-spare-';
/** In git's own folder of the spare; holds the commit that is checked out. */
const readyFile = 'coppice-spare';
// Git takes the time of a file in whole seconds: what is written in the second of the index is compared byte by byte until a later one.
const indexAgesMs = 1_100;

export interface FoundSpare {
  readonly path: string;
  /** Absent for one that is half-made. */
  readonly commit?: string;
}

export async function listSpares(repo: Repository): Promise<FoundSpare[]> {
  const entries = (await readAdminEntries(repo.gitCommonDir)).filter(({ worktreePath }) => basename(worktreePath).startsWith(sparePrefix));
  return Promise.all(
    entries.map(async ({ adminDir, worktreePath: path }) => {
      const commit = (await kindOf(path)) === undefined ? undefined : await readText(join(adminDir, readyFile));
      return { path, ...(commit === undefined ? {} : { commit }) };
    }),
  );
}

export interface SpareWish {
  readonly repo: Repository;
  readonly path: string;
  readonly commit: string;
  readonly signal?: AbortSignal | undefined;
}

/** The entry in git's books, without files. Like every change of them one at a time a repository. */
export async function beginSpare(git: RunGit, { repo, path, commit, signal }: SpareWish): Promise<void> {
  await git.write(repo.mainCheckout, ['worktree', 'add', '-q', '--no-checkout', '--detach', path, commit], { signal }, markOf(path));
}

/** Why a repository can have no spare ones. */
export type Unfit = 'hook' | 'submodules' | 'sparse' | 'dirty';

/** Brings the files, at low priority, and says that they are there; undefined when all is well. Touches nobody else's files or index. */
export async function fillSpare(git: RunGit, { repo, path, commit, signal }: SpareWish): Promise<Unfit | undefined> {
  const dirs = await gitDirsOf(path);
  if (!dirs) throw new Error(`the spare worktree "${path}" is gone`);
  const ready = join(dirs.gitDir, readyFile);
  await rm(ready, { force: true });
  if (await isSparse(repo)) return 'sparse';
  const gently = (...args: string[]) => git.other('nice', ['git', '-C', path, ...args], { signal, timeoutMs: bulkMs }, markOf(path));
  await gently('reset', '--quiet', '--hard', commit);
  if ((await kindOf(join(path, '.gitmodules'))) !== undefined) return 'submodules';
  if (await hasHook(git, path)) return 'hook';
  await setTimeout(indexAgesMs, undefined, { signal });
  // It writes the index anew, which makes the look at a start cheap.
  const { stdout } = await gently('status', '--porcelain', '-z');
  if (stdout !== '') return 'dirty';
  await writeFile(ready, commit);
  return undefined;
}

/** Takes one away, whatever is in it. In the turn of its repository. */
export async function discardSpare(
  git: RunGit,
  trash: Trash,
  { repo, path }: { repo: Repository; path: string },
): Promise<RemovedWorktree> {
  // The git of a daemon that was killed lives on.
  await endStragglers(path);
  const isWhole = (await kindOf(path)) !== undefined && (await lockOf(path)) === undefined;
  if (isWhole) return removeWorktree(git, trash, { repo, path });
  await undoAddition(git, { repo, path });
  return { deleteFiles: async () => undefined };
}

/** Is it as it was made? Whoever has worked in it keeps it. */
export async function isUntouched(git: RunGit, { path, commit }: FoundSpare): Promise<boolean> {
  const now = await status(git, path);
  return now.clean && now.branch === undefined && now.head === commit;
}

export interface TakeSpare extends SpareWish {
  readonly spare: FoundSpare;
  /** Made at the commit. */
  readonly branch: string;
}

/** 'touched': somebody has worked in it; 'unfit': it serves no more, and counts as half-made; 'kept': it does, but not for this. */
export type Taken = 'taken' | 'touched' | 'unfit' | 'kept';

/** Makes a spare the worktree of a new branch, at a path that is free. Unless 'taken', nothing is at the path, and no branch was made. */
export async function takeSpare(git: RunGit, { repo, spare, path, branch, commit, signal }: TakeSpare): Promise<Taken> {
  if ((await kindOf(path)) !== undefined) return 'kept';
  const dirs = await gitDirsOf(spare.path);
  if (!dirs) return 'unfit';
  const [isIntact, isHooked, sparse] = await Promise.all([isUntouched(git, spare), hasHook(git, spare.path), isSparse(repo)]);
  if (!isIntact) return 'touched';
  const ready = join(dirs.gitDir, readyFile);
  await rm(ready, { force: true });
  // A user's post-checkout hook runs at every `git worktree add`, and here there is none.
  if (isHooked || sparse) return 'unfit';
  const env = markOf(path);
  const run = (cwd: string, ...args: string[]) => git.write(cwd, args, { signal, timeoutMs: bulkMs }, env);
  if (spare.commit !== commit) {
    await run(spare.path, 'reset', '--quiet', '--hard', commit);
    if ((await kindOf(join(spare.path, '.gitmodules'))) !== undefined) return 'unfit';
  }
  // The history of the spare is nothing to the new worktree.
  for (const name of ['logs/HEAD', 'ORIG_HEAD']) await rm(join(dirs.gitDir, name), { force: true });
  try {
    await run(repo.mainCheckout, 'worktree', 'move', spare.path, path);
  } catch (error) {
    // Another file system, for one.
    if (!isFailure(error) || error.kind !== 'TOOL_FAILED' || (await kindOf(spare.path)) === undefined) throw error;
    await writeFile(ready, commit);
    return 'kept';
  }
  try {
    await run(path, 'switch', '--quiet', '--create', branch);
  } catch (error) {
    await undoAddition(git, { repo, path, branch, expectedCommit: commit });
    if (!isFailure(error) || error.kind !== 'TOOL_FAILED') throw error;
    return 'unfit';
  }
  return 'taken';
}

/** Git copies the patterns of a sparse checkout into a worktree when it adds one, and they may have changed since. */
async function isSparse({ gitCommonDir }: Repository): Promise<boolean> {
  const kinds = await Promise.all(['info/sparse-checkout', 'config.worktree'].map((name) => kindOf(join(gitCommonDir, name))));
  return kinds.some((kind) => kind !== undefined);
}

async function hasHook(git: RunGit, checkout: string): Promise<boolean> {
  const { stdout } = await git.read(checkout, ['rev-parse', '--git-path', 'hooks/post-checkout']);
  return access(resolve(checkout, stdout.trimEnd()), constants.X_OK).then(
    () => true,
    () => false,
  );
}
