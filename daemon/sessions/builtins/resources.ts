import type { Builtin } from './builtin.ts';

/** Hands back the worktree of the session, made now if the lifecycle has not. */
export const createWorktree: Builtin = async ({ context, print }, { resources }) => {
  const worktree = await resources.ensureWorktree(context);
  print(`worktree ${worktree.path} on ${worktree.branch}`);
  return { branch_name: worktree.branch, worktree_path: worktree.path };
};

export const startSession: Builtin = async ({ context, print }, { resources }) => {
  const terminal = await resources.ensureTerminal(context);
  print(`terminal ${terminal.name} in ${terminal.cwd}`);
  return { terminal_name: terminal.name };
};

export const startWorktreeSession: Builtin = async (call, deps) => {
  const made = await createWorktree(call, deps);
  return { ...made, ...(await startSession(call, deps)) };
};
