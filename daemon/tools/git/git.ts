// The git tool: everything the daemon knows of git, by function. Plain objects in and out; failures are Failures.
import { type AddedWorktree, type AddWorktree, addWorktree, type Turns } from './add-worktree.ts';
import { checkBranchName } from './branch-name.ts';
import { type CommitWork, commitWork, type MadeCommit } from './commit.ts';
import {
  type BranchTip,
  type CommitLine,
  type CommitRange,
  commitsBeyond,
  commitsNowhereElse,
  countCommits,
  isMergedOrPushed,
} from './commits.ts';
import { addsNothing, conflictingFiles, type MergePair } from './conflicts.ts';
import { type DeleteBranch, deleteBranch } from './delete-branch.ts';
import { type DiffWanted, diff, type WorktreeDiff } from './diff.ts';
import { worktreesIn } from './git-files.ts';
import { hiddenPatterns } from './hidden-patterns.ts';
import { type ListedWorktree, listWorktrees } from './list-worktrees.ts';
import { type ComputeMerge, computeMerge, type FastForward, fastForwardCheckout, type MoveBranch, mergeBase, moveBranch } from './merge.ts';
import { hasTracked, type OtherPath, otherPaths } from './others.ts';
import { type OwnCheckout, scrub, type TakeBack, takeBack } from './own-checkout.ts';
import { createPlainSettings } from './plain-settings.ts';
import { hideChange, hideUntracked } from './private-exclude.ts';
import { type OpenPullRequest, openPullRequest } from './pull-request.ts';
import { type RecentCommit, recentCommits } from './recent-commits.ts';
import { branchCheckedOutAt, branchExists, defaultBranch, type Head, head, resolveCommit } from './refs.ts';
import { type Remote, remotes } from './remotes.ts';
import { lockOf, type RemovedWorktree, removeWorktree } from './remove-worktree.ts';
import { type Inside, repositoriesAtRisk } from './repositories-inside.ts';
import { type FoundRepository, findRepository, type Repository } from './repository.ts';
import { type RestoreSnapshot, restoreSnapshot, unlockRestored } from './restore-snapshot.ts';
import { type Addition, rollBackWorktree, undoAddition } from './roll-back-worktree.ts';
import { createRunGit, type GitDeps } from './run-git.ts';
import { type SavedSnapshot, type SaveSnapshot, saveSnapshot } from './save-snapshot.ts';
import type { SnapshotManifest } from './snapshot-manifest.ts';
import { deleteSnapshot, deleteUnneededSnapshot, findSnapshot, type SnapshotSummary } from './snapshot-ref.ts';
import {
  beginSpare,
  discardSpare,
  type FoundSpare,
  fillSpare,
  isUntouched,
  listSpares,
  type SpareWish,
  type Taken,
  type TakeSpare,
  takeSpare,
  type Unfit,
} from './spare.ts';
import { status, type WorktreeStatus } from './status.ts';
import { createTrash } from './trash.ts';
import { type GitVersion, version } from './version.ts';

export interface Git {
  findRepository(path: string): Promise<FoundRepository | undefined>;
  defaultBranch(repo: Repository): Promise<string | undefined>;
  head(worktreePath: string): Promise<Head>;
  resolveCommit(repo: Repository, commitish: string): Promise<string>;
  checkBranchName(name: string): Promise<void>;
  branchExists(repo: Repository, branch: string): Promise<boolean>;
  branchCheckedOutAt(repo: Repository, branch: string): Promise<string | undefined>;
  addWorktree(wanted: AddWorktree, turns: Turns): Promise<AddedWorktree>;
  rollBackWorktree(addition: Addition): Promise<boolean>;
  /** Takes a worktree back that was just made, whatever is in it. */
  undoAddition(addition: Addition): Promise<void>;
  removeWorktree(which: { repo: Repository; path: string }): Promise<RemovedWorktree>;
  /** Why git holds a worktree locked, which may be empty; undefined when it does not. */
  lockOf(worktreePath: string): Promise<string | undefined>;
  /** What removals that did not come to their end left in a directory. Nothing is deleted by this. */
  findTrash(directory: string): Promise<string[]>;
  /** Deletes what `findTrash` found. */
  emptyTrash(path: string): Promise<void>;
  deleteBranch(which: DeleteBranch): Promise<boolean>;
  listSpares(repo: Repository): Promise<FoundSpare[]>;
  beginSpare(wish: SpareWish): Promise<void>;
  fillSpare(wish: SpareWish): Promise<Unfit | undefined>;
  discardSpare(which: { repo: Repository; path: string }): Promise<RemovedWorktree>;
  isUntouched(spare: FoundSpare): Promise<boolean>;
  takeSpare(wanted: TakeSpare): Promise<Taken>;
  listWorktrees(repo: Repository): Promise<ListedWorktree[]>;
  /** Paths directly below a folder that git keeps books on, whether something is there or not. */
  worktreesIn(repo: Repository, folder: string): Promise<string[]>;
  status(worktreePath: string, signal?: AbortSignal): Promise<WorktreeStatus>;
  diff(wanted: DiffWanted): Promise<WorktreeDiff>;
  countCommits(range: CommitRange): Promise<number>;
  commitsBeyond(range: CommitRange & { limit: number }): Promise<CommitLine[]>;
  commitsNowhereElse(tip: BranchTip & { limit: number }): Promise<CommitLine[]>;
  isMergedOrPushed(tip: BranchTip): Promise<boolean>;
  recentCommits(worktreePath: string, limit: number): Promise<RecentCommit[]>;
  remotes(repo: Repository): Promise<Remote[]>;
  /** Untracked and ignored paths of the main checkout. */
  otherPaths(repo: Pick<Repository, 'mainCheckout'>): Promise<OtherPath[]>;
  hasTracked(worktreePath: string, pattern: string): Promise<boolean>;
  hideUntracked(worktreePath: string, paths: readonly string[]): Promise<void>;
  hideChange(worktreePath: string, path: string): Promise<void>;
  hiddenPatterns(worktreePath: string): Promise<string>;
  /** Paths in a worktree of repositories that hold work which goes with it and cannot be saved from outside. */
  repositoriesAtRisk(inside: Inside): Promise<string[]>;
  saveSnapshot(wanted: SaveSnapshot): Promise<SavedSnapshot>;
  findSnapshot(repo: Repository, ref: string): Promise<SnapshotSummary | undefined>;
  deleteSnapshot(repo: Repository, ref: string): Promise<void>;
  deleteUnneededSnapshot(repo: Repository, ref: string, worktreePath: string): Promise<boolean>;
  restoreSnapshot(wanted: RestoreSnapshot): Promise<SnapshotManifest>;
  unlockRestored(repo: Repository, path: string): Promise<boolean>;
  commitWork(wanted: CommitWork): Promise<MadeCommit>;
  computeMerge(wanted: ComputeMerge): Promise<string>;
  mergeBase(repo: Repository, a: string, b: string): Promise<string | undefined>;
  moveBranch(wanted: MoveBranch): Promise<void>;
  fastForwardCheckout(wanted: FastForward): Promise<void>;
  conflictingFiles(pair: MergePair): Promise<string[]>;
  addsNothing(pair: MergePair): Promise<boolean>;
  openPullRequest(wanted: OpenPullRequest): Promise<string>;
  /** Only for a checkout of the daemon's own: its files become those of its branch. */
  scrub(checkout: OwnCheckout): Promise<void>;
  takeBack(which: TakeBack): Promise<void>;
  version(): Promise<GitVersion>;
}

export function createGit(deps: GitDeps): Git {
  const git = createRunGit(deps);
  const trash = createTrash(git);
  const settings = createPlainSettings(git);
  return {
    findRepository: (path) => findRepository(git, path),
    defaultBranch: (repo) => defaultBranch(git, repo),
    head: (worktreePath) => head(git, worktreePath),
    resolveCommit: (repo, commitish) => resolveCommit(git, repo, commitish),
    checkBranchName: (name) => checkBranchName(git, name),
    branchExists: (repo, branch) => branchExists(git, repo, branch),
    branchCheckedOutAt: (repo, branch) => branchCheckedOutAt(git, repo, branch),
    addWorktree: (wanted, turns) => addWorktree(git, settings, turns, wanted),
    rollBackWorktree: (addition) => rollBackWorktree(git, addition),
    undoAddition: (addition) => undoAddition(git, addition),
    removeWorktree: (which) => removeWorktree(git, trash, which),
    lockOf,
    findTrash: trash.find,
    emptyTrash: trash.empty,
    listSpares,
    beginSpare: (wish) => beginSpare(git, wish),
    fillSpare: (wish) => fillSpare(git, wish),
    discardSpare: (which) => discardSpare(git, trash, which),
    isUntouched: (spare) => isUntouched(git, spare),
    takeSpare: (wanted) => takeSpare(git, wanted),
    deleteBranch: (which) => deleteBranch(git, which),
    listWorktrees: (repo) => listWorktrees(git, repo),
    worktreesIn: (repo, folder) => worktreesIn(repo.gitCommonDir, folder),
    status: (worktreePath, signal) => status(git, worktreePath, signal),
    diff: (wanted) => diff(git, wanted),
    countCommits: (range) => countCommits(git, range),
    commitsBeyond: (range) => commitsBeyond(git, range),
    commitsNowhereElse: (tip) => commitsNowhereElse(git, tip),
    isMergedOrPushed: (tip) => isMergedOrPushed(git, tip),
    recentCommits: (worktreePath, limit) => recentCommits(git, worktreePath, limit),
    remotes: (repo) => remotes(git, repo),
    otherPaths: (repo) => otherPaths(git, repo),
    hasTracked: (worktreePath, pattern) => hasTracked(git, worktreePath, pattern),
    hideUntracked: (worktreePath, paths) => hideUntracked(git, worktreePath, paths),
    hideChange: (worktreePath, path) => hideChange(git, worktreePath, path),
    hiddenPatterns,
    repositoriesAtRisk: (inside) => repositoriesAtRisk(git, inside),
    saveSnapshot: (wanted) => saveSnapshot(git, wanted),
    findSnapshot: (repo, ref) => findSnapshot(git, repo, ref),
    deleteSnapshot: (repo, ref) => deleteSnapshot(git, repo, ref),
    deleteUnneededSnapshot: (repo, ref, worktreePath) => deleteUnneededSnapshot(git, repo, ref, worktreePath),
    restoreSnapshot: (wanted) => restoreSnapshot(git, wanted),
    unlockRestored: (repo, path) => unlockRestored(git, repo, path),
    commitWork: (wanted) => commitWork(git, wanted),
    computeMerge: (wanted) => computeMerge(git, wanted),
    mergeBase: (repo, a, b) => mergeBase(git, repo, a, b),
    moveBranch: (wanted) => moveBranch(git, wanted),
    fastForwardCheckout: (wanted) => fastForwardCheckout(git, wanted),
    conflictingFiles: (pair) => conflictingFiles(git, pair),
    addsNothing: (pair) => addsNothing(git, pair),
    openPullRequest: (wanted) => openPullRequest(git, wanted),
    scrub: (checkout) => scrub(git, checkout),
    takeBack: (which) => takeBack(git, which),
    version: () => version(git),
  };
}
