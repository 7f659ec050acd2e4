// Commits the work of a worktree as the user would: with their identity, their hooks and their signature. Unattended, with none of them.
import { Failure } from '../../../schemas/errors.ts';
import { bulkMs, listBytes, type RunGit } from './run-git.ts';
import { status } from './status.ts';
import { unattended } from './unattended.ts';

export interface CommitWork {
  readonly worktreePath: string;
  readonly message: string;
  /** Stage every change first, untracked files too. */
  readonly all: boolean;
  /** Nobody asked for this very commit: no hook, no signature, and no need of an identity. */
  readonly unattended?: boolean | undefined;
}

export interface MadeCommit {
  readonly commit: string;
  /** Absent while detached. */
  readonly branch?: string;
  readonly files: number;
}

const subjectChars = 200;

export async function commitWork(git: RunGit, wanted: CommitWork): Promise<MadeCommit> {
  const { worktreePath, message, all } = wanted;
  checkMessage(message);
  const before = await status(git, worktreePath);
  if (before.conflicted.length > 0) {
    throw new Failure(
      'GIT_CONFLICT',
      `${before.conflicted.length} files of "${worktreePath}" are in conflict; resolve and add them first.`,
      {
        details: { files: before.conflicted },
      },
    );
  }
  const env = wanted.unattended ? await unattended(git, worktreePath) : undefined;
  if (all && !before.clean) await git.write(worktreePath, ['add', '--all'], { timeoutMs: bulkMs }, env);
  const { staged } = all ? await status(git, worktreePath) : before;
  if (staged.length === 0) {
    const remedy = before.clean ? 'there is no change' : 'stage changes, or commit all of them';
    throw new Failure('PRECONDITION', `Nothing is staged in "${worktreePath}"; ${remedy}.`, { details: { reason: 'nothing_staged' } });
  }
  // A line that begins with "#" is part of the message; nobody edits it.
  await git.write(worktreePath, ['commit', '--quiet', '--cleanup=whitespace', '--file=-'], { input: message, timeoutMs: bulkMs }, env);
  const after = await status(git, worktreePath);
  const commit = after.head ?? '';
  return { commit, ...(after.branch === undefined ? {} : { branch: after.branch }), files: await filesOf(git, worktreePath, commit) };
}

/** What a message must be like, for a commit or a merge. */
export function checkMessage(message: string): void {
  const [subject = '', second = ''] = message.split('\n');
  const problem = message.includes('\0')
    ? 'has a NUL character'
    : subject.trim() === ''
      ? 'begins with an empty line'
      : subject.length > subjectChars
        ? `has a first line of more than ${subjectChars} characters`
        : second.trim() !== ''
          ? 'has no empty line after the first one'
          : undefined;
  if (problem === undefined) return;
  throw new Failure('INVALID_PARAMS', `The commit message ${problem}; write a short first line, an empty one, then the rest.`, {
    details: { issues: [{ path: 'message', message: problem }] },
  });
}

async function filesOf(git: RunGit, cwd: string, commit: string): Promise<number> {
  const args = ['diff-tree', '--root', '--diff-merges=first-parent', '--no-commit-id', '--name-only', '-r', '-z', commit];
  const { stdout } = await git.read(cwd, args, { maxOutputBytes: listBytes });
  return stdout.split('\0').length - 1;
}
