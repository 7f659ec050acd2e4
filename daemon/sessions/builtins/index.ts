import { agentThread } from './agent-thread.ts';
import type { Builtin } from './builtin.ts';
import { cleanup } from './cleanup.ts';
import { gatherContext } from './gather-context.ts';
import { createWorktree, startSession, startWorktreeSession } from './resources.ts';
import { sessionWait } from './session-wait.ts';
import { setupEnvironment } from './setup-environment.ts';
import { storeArtifacts } from './store-artifacts.ts';
import { sessionCapture, sessionKill, sessionSend } from './terminal.ts';
import { validatePrerequisites } from './validate-prerequisites.ts';
import { worktreeRemove } from './worktree-remove.ts';

/** The steps that the daemon runs itself, by the name that a command file uses. */
const builtins: Readonly<Record<string, Builtin>> = {
  'setup-environment': setupEnvironment,
  'validate-prerequisites': validatePrerequisites,
  'gather-context': gatherContext,
  'create-worktree': createWorktree,
  'start-session': startSession,
  'session-create': startSession,
  'start-worktree-session': startWorktreeSession,
  'store-artifacts': storeArtifacts,
  cleanup,
  'session-kill': sessionKill,
  'session-destroy': sessionKill,
  'session-send': sessionSend,
  'session-capture': sessionCapture,
  'session-wait': sessionWait,
  'worktree-remove': worktreeRemove,
};

export const builtinNames: readonly string[] = Object.keys(builtins);

/** Steps of definitions that the daemon makes itself; no file can name them. */
const ownBuiltins: Readonly<Record<string, Builtin>> = { 'agent-thread': agentThread };
export const ownBuiltinNames: readonly string[] = Object.keys(ownBuiltins);

export function builtinBy(name: string): Builtin | undefined {
  return builtins[name] ?? ownBuiltins[name];
}
