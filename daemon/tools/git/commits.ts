import type { Repository } from './repository.ts';
import type { RunGit } from './run-git.ts';

export interface CommitLine {
  readonly commit: string;
  readonly subject: string;
}

export interface CommitRange {
  /** Any checkout of the repository. */
  readonly cwd: string;
  /** Hashes, as resolveCommit gives them. */
  readonly base: string;
  readonly tip: string;
  readonly signal?: AbortSignal | undefined;
}

export async function countCommits(git: RunGit, { cwd, base, tip, signal }: CommitRange): Promise<number> {
  return Number((await git.read(cwd, ['rev-list', '--count', tip, `^${base}`, '--'], { signal })).stdout.trim());
}

/** The commits of tip that base does not have, newest first. */
export async function commitsBeyond(
  git: RunGit,
  { cwd, base, tip, limit, signal }: CommitRange & { limit: number },
): Promise<CommitLine[]> {
  return commitLines(git, cwd, [`--max-count=${limit}`, tip, `^${base}`], signal);
}

export interface BranchTip {
  readonly repo: Repository;
  /** Not counted among those that hold a commit; its remote-tracking branch is. */
  readonly branch: string;
  readonly tip: string;
  readonly baseCommit: string;
}

/** The commits beyond the base that no other branch and no remote-tracking branch holds: they would go with the branch. */
export async function commitsNowhereElse(
  git: RunGit,
  { repo, branch, tip, baseCommit, limit }: BranchTip & { limit: number },
): Promise<CommitLine[]> {
  // No branch name can hold a wildcard, so the pattern excludes this one branch.
  const elsewhere = ['--not', `--exclude=${branch}`, '--branches', '--remotes'];
  return commitLines(git, repo.mainCheckout, [`--max-count=${limit}`, tip, `^${baseCommit}`, ...elsewhere]);
}

/** A cherry-picked or squashed copy is another commit, and does not count. */
export async function isMergedOrPushed(git: RunGit, tip: BranchTip): Promise<boolean> {
  return (await commitsNowhereElse(git, { ...tip, limit: 1 })).length === 0;
}

/** Plumbing, not simple-git: an empty answer is the normal one here, and simple-git waits 50 ms on it. */
async function commitLines(git: RunGit, cwd: string, what: readonly string[], signal?: AbortSignal): Promise<CommitLine[]> {
  const args = ['log', '--no-show-signature', '--no-color', '--encoding=UTF-8', '-z', '--format=%H %s', ...what, '--'];
  const { stdout } = await git.read(cwd, args, { signal });
  return stdout
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { commit: line.slice(0, space), subject: line.slice(space + 1) };
    });
}
