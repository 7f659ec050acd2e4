// The git tool: everything the daemon knows of git, by function. Plain objects in and out; failures are Failures.
import { type AddedWorktree, type AddWorktree, addWorktree } from './add-worktree.ts';
import { checkBranchName } from './branch-name.ts';
import {
  type BranchTip,
  type CommitLine,
  type CommitRange,
  commitsBeyond,
  commitsNowhereElse,
  countCommits,
  isMergedOrPushed,
} from './commits.ts';
import { type DeleteBranch, deleteBranch } from './delete-branch.ts';
import { type DiffWanted, diff, type WorktreeDiff } from './diff.ts';
import { type ListedWorktree, listWorktrees } from './list-worktrees.ts';
import { type RecentCommit, recentCommits } from './recent-commits.ts';
import { branchCheckedOutAt, branchExists, defaultBranch, type Head, head, resolveCommit } from './refs.ts';
import { type Remote, remotes } from './remotes.ts';
import { type RemovedWorktree, removeWorktree, sweepTrash } from './remove-worktree.ts';
import { type FoundRepository, findRepository, type Repository } from './repository.ts';
import { type Addition, rollBackWorktree } from './roll-back-worktree.ts';
import { createRunGit, type GitDeps } from './run-git.ts';
import { status, type WorktreeStatus } from './status.ts';
import { type GitVersion, version } from './version.ts';

export interface Git {
  findRepository(path: string): Promise<FoundRepository | undefined>;
  defaultBranch(repo: Repository): Promise<string | undefined>;
  head(worktreePath: string): Promise<Head>;
  resolveCommit(repo: Repository, commitish: string): Promise<string>;
  checkBranchName(name: string): Promise<void>;
  branchExists(repo: Repository, branch: string): Promise<boolean>;
  branchCheckedOutAt(repo: Repository, branch: string): Promise<string | undefined>;
  addWorktree(wanted: AddWorktree): Promise<AddedWorktree>;
  rollBackWorktree(addition: Addition): Promise<boolean>;
  removeWorktree(which: { repo: Repository; path: string }): Promise<RemovedWorktree>;
  sweepTrash(directory: string): Promise<void>;
  deleteBranch(which: DeleteBranch): Promise<boolean>;
  listWorktrees(repo: Repository): Promise<ListedWorktree[]>;
  status(worktreePath: string, signal?: AbortSignal): Promise<WorktreeStatus>;
  diff(wanted: DiffWanted): Promise<WorktreeDiff>;
  countCommits(range: CommitRange): Promise<number>;
  commitsBeyond(range: CommitRange & { limit: number }): Promise<CommitLine[]>;
  commitsNowhereElse(tip: BranchTip & { limit: number }): Promise<CommitLine[]>;
  isMergedOrPushed(tip: BranchTip): Promise<boolean>;
  recentCommits(worktreePath: string, limit: number): Promise<RecentCommit[]>;
  remotes(repo: Repository): Promise<Remote[]>;
  version(): Promise<GitVersion>;
}

export function createGit(deps: GitDeps): Git {
  const git = createRunGit(deps);
  return {
    findRepository: (path) => findRepository(git, path),
    defaultBranch: (repo) => defaultBranch(git, repo),
    head: (worktreePath) => head(git, worktreePath),
    resolveCommit: (repo, commitish) => resolveCommit(git, repo, commitish),
    checkBranchName: (name) => checkBranchName(git, name),
    branchExists: (repo, branch) => branchExists(git, repo, branch),
    branchCheckedOutAt: (repo, branch) => branchCheckedOutAt(git, repo, branch),
    addWorktree: (wanted) => addWorktree(git, wanted),
    rollBackWorktree: (addition) => rollBackWorktree(git, addition),
    removeWorktree: (which) => removeWorktree(git, which),
    sweepTrash: (directory) => sweepTrash(git, directory),
    deleteBranch: (which) => deleteBranch(git, which),
    listWorktrees: (repo) => listWorktrees(git, repo),
    status: (worktreePath, signal) => status(git, worktreePath, signal),
    diff: (wanted) => diff(git, wanted),
    countCommits: (range) => countCommits(git, range),
    commitsBeyond: (range) => commitsBeyond(git, range),
    commitsNowhereElse: (tip) => commitsNowhereElse(git, tip),
    isMergedOrPushed: (tip) => isMergedOrPushed(git, tip),
    recentCommits: (worktreePath, limit) => recentCommits(git, worktreePath, limit),
    remotes: (repo) => remotes(git, repo),
    version: () => version(git),
  };
}
