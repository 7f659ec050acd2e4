// Computes a merge in a temporary worktree of its own, and moves a branch in one step. Until then nothing but loose objects is new.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, isFailure } from '../../../schemas/errors.ts';
import { withoutLabel } from './conflicts.ts';
import { branchCommit } from './refs.ts';
import type { Repository } from './repository.ts';
import { undoAddition } from './roll-back-worktree.ts';
import { bulkMs, listBytes, type RunGit } from './run-git.ts';
import { markOf } from './stragglers.ts';
import { own, settings, unattended, withoutHooks } from './unattended.ts';

export const mergeModes = ['ff', 'no-ff', 'squash', 'rebase'] as const;
export type MergeMode = (typeof mergeModes)[number];

export interface ComputeMerge {
  readonly repo: Repository;
  /** Where the temporary worktree may be made; nothing is there yet. */
  readonly path: string;
  readonly branch: string;
  readonly tip: string;
  readonly into: string;
  readonly before: string;
  readonly mode: MergeMode;
  readonly message?: string | undefined;
  /** Nobody asked for this very merge: its commits are not signed, and need no identity. */
  readonly unattended?: boolean | undefined;
  /** Adds and removes worktrees of the repository, one change at a time. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

type Env = Readonly<Record<string, string>>;

// What rerere would learn here is not the user's; their merge drivers run as ever.
const plain = [
  ['rerere.enabled', 'false'],
  ['rebase.updateRefs', 'false'],
  ['rebase.autoStash', 'false'],
  ['rebase.rebaseMerges', 'false'],
  ['merge.autoStash', 'false'],
] as const;
const aside = { GIT_EDITOR: 'true', GIT_LFS_SKIP_SMUDGE: '1' };
const attended: Env = { ...settings(withoutHooks, ...plain), ...aside };

/** The commit that `into` would become; `before` when it has the work already. Throws GIT_CONFLICT with the files. */
export async function computeMerge(git: RunGit, wanted: ComputeMerge): Promise<string> {
  const { repo, tip, before, mode, branch, into, inTurn } = wanted;
  if (await isAncestor(git, repo, tip, before)) return before;
  const isAhead = await isAncestor(git, repo, before, tip);
  if (mode === 'ff' && !isAhead) {
    throw new Failure('PRECONDITION', `"${into}" has commits that "${branch}" lacks; merge by no-ff, squash or rebase.`, {
      details: { reason: 'not_fast_forward', branch, into },
    });
  }
  if (isAhead && (mode === 'ff' || (mode === 'rebase' && (await isLinear(git, repo, before, tip))))) return tip;
  const { path } = wanted;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const start = mode === 'rebase' ? tip : before;
    const add = ['worktree', 'add', '-q', '--detach', path, start];
    const env = wanted.unattended ? { ...(await unattended(git, repo.mainCheckout, ...plain)), ...aside } : attended;
    await inTurn(() => git.write(repo.mainCheckout, add, { timeoutMs: bulkMs }, env));
    await run(git, wanted, env);
    return (await git.read(path, ['rev-parse', '--verify', 'HEAD'])).stdout.trim();
  } finally {
    await inTurn(() => undoAddition(git, { repo, path }));
  }
}

export async function isAncestor(git: RunGit, repo: Repository, ancestor: string, commit: string): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', ancestor, commit];
  return (await git.read(repo.mainCheckout, args, { okExitCodes: [0, 1] })).exitCode === 0;
}

/** Undefined for histories that share nothing. */
export async function mergeBase(git: RunGit, repo: Repository, a: string, b: string): Promise<string | undefined> {
  const { stdout } = await git.read(repo.mainCheckout, ['merge-base', a, b], { okExitCodes: [0, 1] });
  return stdout.trim() || undefined;
}

async function isLinear(git: RunGit, repo: Repository, base: string, tip: string): Promise<boolean> {
  const { stdout } = await git.read(repo.mainCheckout, ['rev-list', '--merges', '--max-count=1', tip, `^${base}`, '--']);
  return stdout === '';
}

async function run(git: RunGit, wanted: ComputeMerge, env: Env): Promise<void> {
  const { path, branch, tip, into, before, mode, message } = wanted;
  const text = message ?? (mode === 'squash' ? `Squash branch '${branch}' into ${into}` : `Merge branch '${branch}' into ${into}`);
  if (mode === 'rebase') {
    await conflictFree(git, wanted, env, ['rebase', '--quiet', '--no-fork-point', before]);
  } else if (mode === 'squash') {
    await conflictFree(git, wanted, env, ['merge', '--quiet', '--squash', '--ff', tip]);
    const { exitCode } = await git.read(path, ['diff', '--cached', '--quiet', 'HEAD'], { okExitCodes: [0, 1] });
    if (exitCode === 1) await git.write(path, ['commit', '--quiet', '--file=-'], { input: text, timeoutMs: bulkMs }, env);
  } else {
    await conflictFree(git, wanted, env, ['merge', '--quiet', '--no-ff', '--no-edit', '-m', text, tip]);
  }
}

async function conflictFree(git: RunGit, { path, tip }: ComputeMerge, env: Env, args: readonly string[]): Promise<void> {
  try {
    await git.write(path, args, { timeoutMs: bulkMs }, env);
  } catch (error) {
    if (!isFailure(error) || error.kind !== 'TOOL_FAILED') throw error;
    const files = await unmergedFiles(git, path, tip);
    if (files.length === 0) throw error;
    throw new Failure('GIT_CONFLICT', `${files.length} files conflict: ${files.slice(0, 5).join(', ')}; nothing was changed.`, {
      details: { files },
      cause: error,
    });
  }
}

async function unmergedFiles(git: RunGit, path: string, tip: string): Promise<string[]> {
  const { stdout } = await git.read(path, ['ls-files', '--unmerged', '-z'], { maxOutputBytes: listBytes });
  const paths = stdout.split('\0').filter((line) => line !== '');
  return [...new Set(paths.map((line) => withoutLabel(line.slice(line.indexOf('\t') + 1), ['HEAD', tip])))].sort();
}

export interface MoveBranch {
  readonly repo: Repository;
  readonly branch: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** Compare and swap. Throws CONFLICT when the branch is not where it was seen. */
export async function moveBranch(git: RunGit, { repo, branch, from, to, reason }: MoveBranch, env?: Env): Promise<void> {
  try {
    await git.write(repo.mainCheckout, ['update-ref', '-m', reason, `refs/heads/${branch}`, to, from], {}, env);
  } catch (error) {
    const actual = await branchCommit(git, repo, branch);
    if (actual === from) throw error;
    // Of a git that was lost nobody heard that it was done.
    if (actual === to && isFailure(error) && error.kind === 'UNAVAILABLE') return;
    throw new Failure('CONFLICT', `The branch "${branch}" moved meanwhile; look at it, then merge again.`, {
      details: { branch, expected: from, actual: actual ?? null },
      cause: error,
    });
  }
}

export interface FastForward {
  readonly worktreePath: string;
  readonly to: string;
  readonly unattended?: boolean | undefined;
}

/** Moves the branch of a checkout with its files; git refuses what would overwrite anything. */
export async function fastForwardCheckout(git: RunGit, { worktreePath, to, unattended }: FastForward): Promise<void> {
  const env = { ...(unattended ? own : attended), ...markOf(worktreePath) };
  await git.write(worktreePath, ['merge', '--quiet', '--ff-only', '--no-autostash', to], { timeoutMs: bulkMs }, env);
}
