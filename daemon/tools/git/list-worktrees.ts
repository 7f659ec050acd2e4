import type { Repository } from './repository.ts';
import { listBytes, type RunGit } from './run-git.ts';

export interface ListedWorktree {
  readonly path: string;
  readonly isMain: boolean;
  /** Absent on a branch without commits. */
  readonly head?: string;
  readonly branch?: string;
  /** The reason, which may be empty. */
  readonly locked?: string;
  /** Why git would forget it, mostly because the directory is gone. */
  readonly prunable?: string;
}

export async function listWorktrees(git: RunGit, repo: Repository): Promise<ListedWorktree[]> {
  const { stdout } = await git.read(repo.mainCheckout, ['worktree', 'list', '--porcelain', '-z'], { maxOutputBytes: listBytes });
  return parseWorktrees(stdout);
}

/** Attributes end with a NUL, worktrees with an empty attribute; the main checkout comes first. */
export function parseWorktrees(text: string): ListedWorktree[] {
  return text
    .split('\0\0')
    .filter((block) => block !== '')
    .map((block, index) => parseWorktree(block, index === 0));
}

function parseWorktree(block: string, isMain: boolean): ListedWorktree {
  const attributes = new Map(
    block.split('\0').map((line): [string, string] => {
      const space = line.indexOf(' ');
      return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
    }),
  );
  const commit = attributes.get('HEAD');
  const branch = attributes.get('branch')?.replace(/^refs\/heads\//, '');
  const locked = attributes.get('locked');
  const prunable = attributes.get('prunable');
  return {
    path: attributes.get('worktree') ?? '',
    isMain,
    // A branch without commits is listed with zeros.
    ...(commit !== undefined && !/^0+$/.test(commit) && { head: commit }),
    ...(branch !== undefined && { branch }),
    ...(locked !== undefined && { locked }),
    ...(prunable !== undefined && { prunable }),
  };
}
