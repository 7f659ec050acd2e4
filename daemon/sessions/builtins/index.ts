import type { Builtin } from './builtin.ts';
import { gatherContext } from './gather-context.ts';
import { createWorktree, startSession, startWorktreeSession } from './resources.ts';
import { setupEnvironment } from './setup-environment.ts';
import { storeArtifacts } from './store-artifacts.ts';
import { validatePrerequisites } from './validate-prerequisites.ts';

/** The steps that the daemon runs itself, by the name that a command file uses. */
export const builtins: Readonly<Record<string, Builtin>> = {
  'setup-environment': setupEnvironment,
  'validate-prerequisites': validatePrerequisites,
  'gather-context': gatherContext,
  'create-worktree': createWorktree,
  'start-session': startSession,
  'session-create': startSession,
  'start-worktree-session': startWorktreeSession,
  'store-artifacts': storeArtifacts,
};

export const builtinNames: readonly string[] = Object.keys(builtins);
