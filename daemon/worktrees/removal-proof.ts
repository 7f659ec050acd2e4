// Whether a worktree may go. Pure: the service collects the facts, this decides.
import type { WorkAtRisk } from '../../schemas/worktree.ts';
import { isWithin } from '../tools/files.ts';

export interface RemovalFacts {
  /** Absolute and real, like every path here. */
  readonly worktreePath: string;
  /** The user's own checkout of the repository. */
  readonly mainCheckout: string;
  /** Where the caller stands. */
  readonly callerDirectory?: string | undefined;
  /** Why git holds it locked; may be empty. */
  readonly locked?: string | undefined;
  /** Staged, unstaged, untracked and conflicted. */
  readonly changedPaths: readonly string[];
  /** Commits beyond the base that no other branch and no remote holds. */
  readonly commitsNowhereElse: readonly { readonly commit: string; readonly subject: string }[];
  /** Repositories inside, with work that goes with them. */
  readonly repositories?: readonly string[];
  readonly processes: readonly { readonly pid: number; readonly command: string }[];
  /** Sessions that have not ended and use it, other than one that is removing it itself. */
  readonly liveSessions: readonly string[];
}

/** Undefined when nothing is lost and nobody is inside; otherwise all that speaks against the removal. */
export function workAtRisk(facts: RemovalFacts): WorkAtRisk | undefined {
  const reasons = reasonsAgainst(facts);
  if (reasons.length === 0) return undefined;
  return {
    paths: [...new Set([...facts.changedPaths, ...(facts.repositories ?? [])])],
    commits: facts.commitsNowhereElse.map(({ commit, subject }) => ({ commit, subject })),
    processes: facts.processes.map(({ pid, command }) => ({ pid, command })),
    reasons,
  };
}

function reasonsAgainst(facts: RemovalFacts): string[] {
  const {
    worktreePath,
    mainCheckout,
    callerDirectory,
    locked,
    changedPaths,
    commitsNowhereElse,
    processes,
    liveSessions,
    repositories = [],
  } = facts;
  return [
    // Also a worktree that the main checkout lies in would take it along.
    isWithin(mainCheckout, worktreePath) && 'It is the main checkout of the repository, or holds it.',
    callerDirectory !== undefined && isWithin(callerDirectory, worktreePath) && 'The caller stands in it; go elsewhere first.',
    locked !== undefined && `Git holds it locked${locked.trim() === '' ? '' : ` (${locked.trim()})`}; unlock it first.`,
    liveSessions.length > 0 && `${counted(liveSessions.length, 'session')} still live in it: ${liveSessions.join(', ')}.`,
    processes.length > 0 && `${counted(processes.length, 'process', 'processes')} run in it.`,
    repositories.length > 0 &&
      `${counted(repositories.length, 'repository', 'repositories')} inside with work of their own: ${repositories.join(', ')}; push it or move them away.`,
    changedPaths.length > 0 && `${counted(changedPaths.length, 'path')} not committed.`,
    commitsNowhereElse.length > 0 && `${counted(commitsNowhereElse.length, 'commit')} neither merged nor pushed.`,
  ].filter((reason) => reason !== false);
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
