import { isFailure } from '../../schemas/errors.ts';
import type { WorkAtRisk } from '../../schemas/worktree.ts';
import type { Origin } from '../kernel/origin.ts';
import type { TerminalRecord } from '../store/tables/terminals.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { TerminalService } from '../terminals/service.ts';
import type { Proc } from '../tools/proc.ts';
import type { WorktreeService } from '../worktrees/service.ts';

export interface RemoveWorktreeDeps {
  readonly worktrees: Pick<WorktreeService, 'remove'>;
  readonly terminals: Pick<TerminalService, 'panes' | 'kill'>;
  readonly proc: Pick<Proc, 'findMarked'>;
}

export interface OwnWorktree {
  readonly sessionId: string;
  readonly worktree: WorktreeRecord;
  readonly terminal: TerminalRecord | undefined;
  readonly callerDirectory?: string | undefined;
  /** Why the terminal ends. */
  readonly reason: string;
}

/**
 * Removes the worktree of a session when nothing is lost with it. The session's own terminal stands in there, and goes when it is all that
 * speaks against it: otherwise it would be lost for nothing.
 */
export async function removeOwnWorktree(deps: RemoveWorktreeDeps, own: OwnWorktree, origin: Origin): Promise<void> {
  const { worktree, terminal, sessionId, callerDirectory, reason } = own;
  const remove = () => deps.worktrees.remove(worktree, { bySession: sessionId, callerDirectory }, origin);
  try {
    await remove();
  } catch (error) {
    if (!terminal || !isFailure(error) || error.kind !== 'WORK_AT_RISK') throw error;
    if (!(await isOnlyTerminal(deps, terminal, sessionId, error.details as unknown as WorkAtRisk))) throw error;
    await deps.terminals.kill(terminal, reason, { actor: origin.actor });
    await remove();
  }
}

async function isOnlyTerminal(
  { terminals, proc }: RemoveWorktreeDeps,
  terminal: TerminalRecord,
  sessionId: string,
  { reasons, processes, paths, commits }: WorkAtRisk,
): Promise<boolean> {
  if (processes.length === 0 || reasons.length > 1 || paths.length > 0 || commits.length > 0) return false;
  // The wrappers, which lead the panes, carry no mark; what runs below them does.
  const wrappers = (await terminals.panes(terminal)).map(({ pid }) => pid);
  const own = new Set([...wrappers, ...(await proc.findMarked({ sessionId }))]);
  return processes.every(({ pid }) => own.has(pid));
}
