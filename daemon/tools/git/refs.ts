// Questions about branches and commits. Files first, git where the files do not say it for sure.
import { dirname, join } from 'node:path';
import { nearest } from '../../../rpc/nearest.ts';
import { Failure } from '../../../schemas/errors.ts';
import { gitDirsOf, isCommit, kindOf, readAdminEntries, readHeadFile, readRef, readText } from './git-files.ts';
import type { Repository } from './repository.ts';
import type { RunGit } from './run-git.ts';

export interface Head {
  /** Absent on a branch without commits. */
  readonly commit?: string;
  /** Absent while detached. */
  readonly branch?: string;
}

export async function head(git: RunGit, worktreePath: string): Promise<Head> {
  const dirs = await gitDirsOf(worktreePath);
  if (!dirs)
    throw new Failure('NOT_FOUND', `"${worktreePath}" is not a git checkout.`, { details: { entity: 'worktree', id: worktreePath } });
  const file = await readHeadFile(dirs.gitDir);
  if (file === 'odd') return askHead(git, worktreePath);
  if ('commit' in file) return file;
  const ref = await readRef(dirs.commonDir, `refs/heads/${file.branch}`);
  if (ref === 'odd') return askHead(git, worktreePath);
  return ref === 'absent' ? file : { ...file, commit: ref.commit };
}

async function askHead(git: RunGit, worktreePath: string): Promise<Head> {
  const quiet = { okExitCodes: [0, 1] };
  const commit = (await git.read(worktreePath, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], quiet)).stdout.trim();
  const ref = (await git.read(worktreePath, ['symbolic-ref', '--quiet', 'HEAD'], quiet)).stdout.trimEnd();
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : '';
  return { ...(commit && { commit }), ...(branch && { branch }) };
}

/** The commit of a branch of this repository; undefined when there is no such branch. */
export async function branchCommit(git: RunGit, repo: Repository, branch: string): Promise<string | undefined> {
  return refCommit(git, repo, `refs/heads/${branch}`);
}

export async function branchExists(git: RunGit, repo: Repository, branch: string): Promise<boolean> {
  return (await branchCommit(git, repo, branch)) !== undefined;
}

async function refCommit(git: RunGit, repo: Repository, ref: string): Promise<string | undefined> {
  const found = await readRef(repo.gitCommonDir, ref);
  if (found === 'absent') return undefined;
  if (found !== 'odd') return found.commit;
  const options = { okExitCodes: [0, 1] };
  const { stdout } = await git.read(
    repo.mainCheckout,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    options,
  );
  return stdout.trim() || undefined;
}

/**
 * What new work starts from when nobody says: what origin calls its default, else the branch of the main checkout, else
 * init.defaultBranch, else the only branch. Only names that lead to a commit; undefined when none does.
 */
export async function defaultBranch(git: RunGit, repo: Repository): Promise<string | undefined> {
  const originHead = await symbolicRef(git, repo, 'refs/remotes/origin/HEAD');
  if (originHead?.startsWith('refs/remotes/origin/')) {
    const short = originHead.slice('refs/remotes/origin/'.length);
    if (await branchExists(git, repo, short)) return short;
    if (await refCommit(git, repo, originHead)) return `origin/${short}`;
  }
  const current = (await head(git, repo.mainCheckout)).branch;
  if (current !== undefined && (await branchExists(git, repo, current))) return current;
  const options = { okExitCodes: [0, 1] };
  const configured = (await git.read(repo.mainCheckout, ['config', '--get', 'init.defaultBranch'], options)).stdout.trim();
  if (configured !== '' && (await branchExists(git, repo, configured))) return configured;
  const branches = await branchNames(git, repo, ['refs/heads'], 2);
  return branches.length === 1 ? branches[0] : undefined;
}

async function symbolicRef(git: RunGit, repo: Repository, ref: string): Promise<string | undefined> {
  const text = await readText(join(repo.gitCommonDir, ref));
  const target = text === undefined ? undefined : /^ref: (.+)$/.exec(text.trimEnd())?.[1];
  if (target !== undefined) return target;
  // Without a file there may still be a reftable.
  if (text === undefined && (await readRef(repo.gitCommonDir, ref)) === 'absent') return undefined;
  return (await git.read(repo.mainCheckout, ['symbolic-ref', '--quiet', ref], { okExitCodes: [0, 1] })).stdout.trimEnd() || undefined;
}

/** How many branches are looked through for suggestions. */
export const searchedBranches = 10_000;

/** Short names of branches, by one call of git. */
export async function branchNames(git: RunGit, repo: Repository, patterns: readonly string[], limit: number): Promise<string[]> {
  const args = ['for-each-ref', `--count=${limit}`, '--format=%(refname)', ...patterns];
  const { stdout } = await git.read(repo.mainCheckout, args);
  return stdout
    .split('\n')
    .filter((ref) => ref !== '')
    .map((ref) => ref.replace(/^refs\/(?:heads|remotes)\//, ''));
}

/** The commit a commit-ish names. Throws NOT_FOUND with near branch names. */
export async function resolveCommit(git: RunGit, repo: Repository, commitish: string): Promise<string> {
  const plain = await plainBranchCommit(repo, commitish);
  if (plain !== undefined) return plain;
  const found = commitish.includes('\n') ? undefined : await askCommit(git, repo, commitish);
  if (found !== undefined) return found;
  const suggestions = nearest(commitish, await branchNames(git, repo, ['refs/heads', 'refs/remotes'], searchedBranches));
  const hint = suggestions.length > 0 ? ` Near: ${suggestions.join(', ')}.` : '';
  throw new Failure('NOT_FOUND', `"${commitish}" names no commit of "${repo.mainCheckout}".${hint}`, {
    details: { entity: 'commit', id: commitish, suggestions },
  });
}

/** Only a full name, or one that nothing but a branch can mean: git looks at refs/<name> and refs/tags/<name> first, and at full hashes before. */
async function plainBranchCommit(repo: Repository, name: string): Promise<string | undefined> {
  if (/^refs\/(?:heads|remotes)\/\w[\w./-]*$/.test(name)) {
    const ref = await readRef(repo.gitCommonDir, name);
    return typeof ref === 'object' ? ref.commit : undefined;
  }
  if (isCommit(name) || name === 'HEAD' || !/^\w[\w-]*(?:[./][\w-]+)*$/.test(name)) return undefined;
  const [own, any, tag, branch] = await Promise.all([
    kindOf(join(repo.gitCommonDir, name)),
    readRef(repo.gitCommonDir, `refs/${name}`),
    readRef(repo.gitCommonDir, `refs/tags/${name}`),
    readRef(repo.gitCommonDir, `refs/heads/${name}`),
  ]);
  const isOnlyBranch = own === undefined && any === 'absent' && tag === 'absent' && typeof branch === 'object';
  return isOnlyBranch ? branch.commit : undefined;
}

/** cat-file tells "no such thing" (exit 0) from a repository it cannot read, and takes no name for an option. */
async function askCommit(git: RunGit, repo: Repository, commitish: string): Promise<string | undefined> {
  // ":/text" finds a commit by itself, and would take the suffix for a part of the text.
  const asked = commitish.startsWith(':/') ? commitish : `${commitish}^{commit}`;
  const options = { input: `${asked}\n`, okExitCodes: [0, 128] };
  const { stdout, stderr, exitCode } = await git.read(repo.mainCheckout, ['cat-file', '--batch-check=%(objectname)'], options);
  const answer = stdout.trim();
  if (exitCode === 0) return isCommit(answer) ? answer : undefined;
  // Asking for the upstream of a branch that has none is the one wrong name that ends git.
  if (/upstream|no such branch|push destination|does not point to a branch/.test(stderr)) return undefined;
  throw new Failure('TOOL_FAILED', `'git cat-file' failed in "${repo.mainCheckout}": ${stderr.trim()}`, {
    details: { tool: 'git', exitCode, stderrTail: stderr },
  });
}

/** The checkout that holds a branch, also one amid a rebase or bisect of it, also one whose directory is gone. */
export async function branchCheckedOutAt(git: RunGit, repo: Repository, branch: string): Promise<string | undefined> {
  const checkouts = [{ adminDir: repo.gitCommonDir, worktreePath: repo.mainCheckout }, ...(await readAdminEntries(repo.gitCommonDir))];
  for (const { adminDir, worktreePath } of checkouts) {
    if (await holdsBranch(git, adminDir, branch)) return worktreePath;
  }
  return undefined;
}

async function holdsBranch(git: RunGit, gitDir: string, branch: string): Promise<boolean> {
  const file = await readHeadFile(gitDir);
  if (file === 'odd') {
    const args = [`--git-dir=${gitDir}`, 'symbolic-ref', '--quiet', 'HEAD'];
    return (await git.read(dirname(gitDir), args, { okExitCodes: [0, 1, 128] })).stdout.trimEnd() === `refs/heads/${branch}`;
  }
  if ('branch' in file) return file.branch === branch;
  const inProgress = await Promise.all(
    ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START'].map((name) => readText(join(gitDir, name))),
  );
  return inProgress.some((text) => text?.trimEnd().replace(/^refs\/heads\//, '') === branch);
}
