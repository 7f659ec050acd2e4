import { join } from 'node:path';
import { nearest } from '../../../rpc/nearest.ts';
import { Failure, isFailure } from '../../../schemas/errors.ts';
import { checkBranchName } from './branch-name.ts';
import { isCommit, kindOf } from './git-files.ts';
import type { PlainSettings } from './plain-settings.ts';
import { branchCheckedOutAt, branchCommit, branchNames, defaultBranch, resolveCommit, searchedBranches } from './refs.ts';
import type { Repository } from './repository.ts';
import { type Addition, undoAddition } from './roll-back-worktree.ts';
import { bulkMs, type RunGit } from './run-git.ts';
import { endStragglers, markOf } from './stragglers.ts';
import { beginEntry, finishEntry } from './worktree-entry.ts';

export interface AddWorktree {
  readonly repo: Repository;
  /** Nothing may be there yet. */
  readonly path: string;
  readonly branch: string;
  /** Make the branch; otherwise it must exist. */
  readonly createBranch: boolean;
  /** Any commit-ish for a new branch, best the hash of a commit; default: the default branch. */
  readonly base?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AddedWorktree {
  readonly path: string;
  readonly branch: string;
  /** Where the branch stands: for a new one the commit of its base. */
  readonly commit: string;
}

/** When git may be run on the books of a repository: of two `git worktree add` at once, one may fail. */
export interface Turns {
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Beside other shared work. */
  shared<T>(work: () => Promise<T>): Promise<T>;
}

interface Begun {
  readonly wanted: AddWorktree;
  readonly commit: string;
  /** Git's own folder of it, where we have made that; otherwise git makes it. */
  readonly entry: string | undefined;
}

/**
 * Adds a worktree beside the main checkout, which is never touched, and brings its submodules. All or nothing: a failure leaves no
 * directory, no record in git and no new branch. Plain ones of one repository are added side by side, the others one at a time.
 */
export async function addWorktree(git: RunGit, settings: PlainSettings, turns: Turns, wanted: AddWorktree): Promise<AddedWorktree> {
  const { repo, path, branch, createBranch } = wanted;
  const addPlain = async (): Promise<Begun | undefined> => {
    await refuseTakenPath(path);
    const commit = await commitForNew(git, wanted);
    const entry = await beginEntry({ repo, path, commit });
    return entry === undefined ? undefined : checkOut(git, { wanted, commit, entry });
  };
  const addByGit = async (): Promise<Begun> => {
    await refuseTakenPath(path);
    const commit = createBranch ? await commitForNew(git, wanted) : await commitOfExisting(git, wanted);
    return checkOut(git, { wanted, commit, entry: undefined });
  };
  const isPlain = createBranch && (await settings.arePlain(repo));
  const begun = (isPlain ? await turns.shared(addPlain) : undefined) ?? (await turns.alone(addByGit));
  // Their addresses go into the settings that all worktrees share.
  if ((await kindOf(join(path, '.gitmodules'))) === 'file') {
    await turns.alone(() => orTakeBack(git, begun, ['submodule', '--quiet', 'update', '--init', '--recursive'], path));
  }
  return { path, branch, commit: begun.commit };
}

async function checkOut(git: RunGit, begun: Begun): Promise<Begun> {
  const { wanted, commit, entry } = begun;
  const { repo, path, branch, createBranch } = wanted;
  if (entry === undefined) {
    const how = createBranch ? ['--no-track', '-b', branch, path, commit] : [path, branch];
    await orTakeBack(git, begun, ['worktree', 'add', '-q', ...how], repo.mainCheckout);
  } else {
    const words = ['checkout', '-q', '-f', '--no-recurse-submodules', '--no-track', '-b', branch, commit, '--'];
    await orTakeBack(git, begun, words, path, () => finishEntry(entry, commit));
  }
  return begun;
}

async function orTakeBack(git: RunGit, begun: Begun, words: readonly string[], cwd: string, finish?: () => Promise<void>): Promise<void> {
  const { wanted, commit, entry } = begun;
  const { repo, path, branch, createBranch, signal } = wanted;
  // A hook or clone that lives on would hold the pipes of the git that died, and with them the answer to the cancel.
  const cancelAll = (): void => void endStragglers(path);
  signal?.addEventListener('abort', cancelAll, { once: true });
  try {
    await git.write(cwd, words, { signal, timeoutMs: bulkMs }, markOf(path));
    await finish?.();
  } catch (error) {
    const failure = createBranch ? await explain(git, repo, branch, error) : error;
    await cleanUp(git, { repo, path, adminDir: entry, ...(createBranch && { branch, expectedCommit: commit }) }, failure);
    throw failure;
  } finally {
    signal?.removeEventListener('abort', cancelAll);
  }
}

async function refuseTakenPath(path: string): Promise<void> {
  if ((await kindOf(path)) === undefined) return;
  throw new Failure('ALREADY_EXISTS', `"${path}" exists already; remove it or choose another place.`, {
    details: { entity: 'path', path },
  });
}

async function commitForNew(git: RunGit, { repo, branch, base }: AddWorktree): Promise<string> {
  await checkBranchName(git, branch);
  if ((await branchCommit(git, repo, branch)) !== undefined) {
    const at = await branchCheckedOutAt(git, repo, branch);
    throw taken(branch, at, at === undefined ? 'ask for the existing branch or choose another name' : 'choose another name');
  }
  const from = base ?? (await defaultBranch(git, repo));
  if (from === undefined) {
    throw new Failure('PRECONDITION', `"${repo.mainCheckout}" has no default branch with a commit; make a first commit or name a base.`, {
      details: { reason: 'no_base' },
    });
  }
  // Whoever has resolved the base already spares a process; git itself refuses a hash it does not have.
  return isCommit(from) ? from : resolveCommit(git, repo, from);
}

async function commitOfExisting(git: RunGit, { repo, branch }: AddWorktree): Promise<string> {
  const commit = await branchCommit(git, repo, branch);
  if (commit === undefined) {
    const suggestions = nearest(branch, await branchNames(git, repo, ['refs/heads'], searchedBranches));
    throw new Failure('NOT_FOUND', `The branch "${branch}" does not exist in "${repo.mainCheckout}".`, {
      details: { entity: 'branch', id: branch, suggestions },
    });
  }
  const at = await branchCheckedOutAt(git, repo, branch);
  if (at === undefined) return commit;
  const isGone = (await kindOf(at)) === undefined;
  throw taken(branch, at, isGone ? "which is gone; run 'git worktree prune'" : 'use that checkout or another branch');
}

function taken(branch: string, at: string | undefined, remedy: string): Failure {
  const where = at === undefined ? 'exists already' : `is checked out at "${at}"`;
  return new Failure('ALREADY_EXISTS', `The branch "${branch}" ${where}; ${remedy}.`, {
    details: { entity: 'branch', branch, ...(at !== undefined && { checkedOutAt: at }) },
  });
}

/** Git keeps branches like files: "a" stands in the way of "a/b", and the other way round. */
async function explain(git: RunGit, repo: Repository, branch: string, error: unknown): Promise<unknown> {
  if (!isFailure(error) || error.kind !== 'TOOL_FAILED') return error;
  const parts = branch.split('/');
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
  const inTheWay = await branchNames(git, repo, [`refs/heads/${branch}/`, ...above.map((name) => `refs/heads/${name}`)], 20)
    // The pattern of a name also matches all branches below it.
    .then((names) => names.find((name) => above.includes(name) || name.startsWith(`${branch}/`)))
    .catch(() => undefined);
  if (inTheWay === undefined) return error;
  return new Failure('ALREADY_EXISTS', `The branch "${branch}" cannot exist beside the branch "${inTheWay}"; choose another name.`, {
    details: { entity: 'branch', branch: inTheWay },
    cause: error,
  });
}

async function cleanUp(git: RunGit, addition: Addition, failure: unknown): Promise<void> {
  try {
    await undoAddition(git, addition);
  } catch (error) {
    const said = failure instanceof Error ? failure.message : String(failure);
    throw new Failure('TOOL_FAILED', `${said} What it left at "${addition.path}" could not be removed; remove it by hand.`, {
      details: { ...(isFailure(failure) ? failure.details : {}), leftAt: addition.path },
      cause: error,
    });
  }
}
