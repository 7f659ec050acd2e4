import { Failure, isFailure } from '../../../schemas/errors.ts';
import type { FileChange } from '../../../schemas/worktree.ts';
import { changes, plainDiff } from './changes.ts';
import { countCommits } from './commits.ts';
import type { RunGit } from './run-git.ts';
import { status } from './status.ts';

export interface DiffWanted {
  readonly worktreePath: string;
  readonly baseCommit: string;
  /** Bring the text of the whole change too, at most `maxPatchBytes` of it. */
  readonly patch: boolean;
  readonly maxPatchBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** The result of worktree.diff. The summary and the patch tell of the tracked files from the base to the working tree. */
export interface WorktreeDiff {
  readonly baseCommit: string;
  readonly head: string;
  readonly committed: FileChange[];
  readonly staged: FileChange[];
  readonly unstaged: FileChange[];
  readonly untracked: string[];
  readonly summary: { files: number; additions: number; deletions: number; commits: number };
  readonly patch?: string;
  readonly patchTruncated?: boolean;
}

export async function diff(git: RunGit, { worktreePath, baseCommit, patch, maxPatchBytes, signal }: DiffWanted): Promise<WorktreeDiff> {
  const now = await status(git, worktreePath, signal);
  const head = now.head;
  if (head === undefined) {
    throw new Failure('PRECONDITION', `The branch of "${worktreePath}" has no commit yet; make one first.`, {
      details: { reason: 'no_commit' },
    });
  }
  const list = (what: readonly string[]): Promise<FileChange[]> => changes(git, worktreePath, what, signal);
  const isSame = head === baseCommit;
  const [committed, commits] = isSame
    ? [[], 0]
    : await Promise.all([list([baseCommit, head]), countCommits(git, { cwd: worktreePath, base: baseCommit, tip: head, signal })]);
  // Status has said already which of these are empty; a conflict is told once, among the unstaged.
  const hasUnstaged = now.unstaged.length + now.conflicted.length > 0;
  const [staged, unstaged] = await Promise.all([now.staged.length > 0 ? list(['--cached']) : [], hasUnstaged ? list([]) : []]);
  const isCommitted = now.staged.length === 0 && !hasUnstaged;
  const whole = isCommitted ? committed : await list([baseCommit]);
  return {
    baseCommit,
    head,
    committed,
    staged: staged.filter(({ status: kind }) => kind !== 'conflicted'),
    unstaged,
    untracked: [...now.untracked],
    summary: {
      files: whole.length,
      additions: sum(whole.map(({ additions }) => additions)),
      deletions: sum(whole.map(({ deletions }) => deletions)),
      commits,
    },
    ...(patch && (await readPatch(git, worktreePath, baseCommit, maxPatchBytes, signal))),
  };
}

const sum = (numbers: readonly (number | undefined)[]): number => numbers.reduce<number>((total, number) => total + (number ?? 0), 0);

type Patch = Required<Pick<WorktreeDiff, 'patch' | 'patchTruncated'>>;

async function readPatch(git: RunGit, cwd: string, baseCommit: string, maxBytes: number, signal?: AbortSignal): Promise<Patch> {
  const args = ['diff', ...plainDiff, '--no-relative', '--patch', '--src-prefix=a/', '--dst-prefix=b/', baseCommit, '--'];
  try {
    const { stdout } = await git.read(cwd, args, { signal, maxOutputBytes: maxBytes });
    const bytes = Buffer.from(stdout);
    return bytes.length <= maxBytes ? { patch: stdout, patchTruncated: false } : cut(bytes, maxBytes);
  } catch (error) {
    if (!isFailure(error) || error.kind !== 'LIMIT_EXCEEDED') throw error;
    return cut(await git.readStart(cwd, args, maxBytes), maxBytes);
  }
}

/** Ends with a whole line, and so never inside a character. */
function cut(bytes: Buffer, maxBytes: number): Patch {
  const start = bytes.subarray(0, maxBytes);
  return { patch: start.subarray(0, start.lastIndexOf('\n') + 1).toString('utf8'), patchTruncated: true };
}
