import { isFailure } from '../../../schemas/errors.ts';
import type { WorkAtRisk } from '../../../schemas/worktree.ts';
import { byDaemon } from '../../kernel/origin.ts';
import type { Builtin } from './builtin.ts';

/** Removes the worktree of the session when nothing is lost with it. Its own terminal, which stands in there, ends first. */
export const worktreeRemove: Builtin = async ({ context, print }, { worktrees, terminals }) => {
  const { worktree, terminal, session } = context;
  if (!worktree || worktree.status === 'removed') {
    print('no worktree to remove');
    return undefined;
  }
  const remove = () => worktrees.remove(worktree, { bySession: session.id }, byDaemon);
  try {
    await remove();
  } catch (error) {
    // The terminal goes only when it is all that speaks against it: otherwise it would be lost for nothing.
    if (!terminal || !isFailure(error) || error.kind !== 'WORK_AT_RISK' || !isOnlyProcesses(error.details)) throw error;
    await terminals.kill(terminal, 'worktree_removed', byDaemon);
    await remove();
  }
  print(`worktree ${worktree.path} removed`);
  return undefined;
};

function isOnlyProcesses(details: unknown): boolean {
  const { reasons, processes, paths, commits } = details as WorkAtRisk;
  return processes.length > 0 && reasons.length === 1 && paths.length === 0 && commits.length === 0;
}
