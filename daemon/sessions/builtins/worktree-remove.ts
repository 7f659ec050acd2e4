import { byDaemon } from '../../kernel/origin.ts';
import { removeOwnWorktree } from '../remove-worktree.ts';
import type { Builtin } from './builtin.ts';

/** Removes the worktree of the session when nothing is lost with it, and then its own terminal, which stands in there. */
export const worktreeRemove: Builtin = async ({ context, print }, deps) => {
  const { worktree, terminal, session } = context;
  if (!worktree || worktree.status === 'removed') {
    print('no worktree to remove');
    return undefined;
  }
  await removeOwnWorktree(deps, { worktree, terminal, sessionId: session.id, reason: 'worktree_removed' }, byDaemon);
  print(`worktree ${worktree.path} removed`);
  return undefined;
};
