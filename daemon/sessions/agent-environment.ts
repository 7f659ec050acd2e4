// Where and with what environment the agent of a session works: as its step would, if it were a process.
import { Failure } from '../../schemas/errors.ts';
import type { Leftovers } from '../tools/leftovers.ts';
import { loadContext, stepOf } from './context.ts';
import type { EnvFiles } from './env-file.ts';
import type { Environment } from './environment.ts';
import { type EnvironmentDeps, environmentOfStep } from './step-spec.ts';
import { workingDirectoryOf } from './working-directory.ts';

export interface AgentPlace {
  readonly cwd: string;
  readonly env: Environment;
}

/** Throws PRECONDITION {reason: no_agent} unless the session waits for its agent. */
export type AgentPlaceOf = (sessionId: string) => Promise<AgentPlace>;

export function createAgentPlaces(
  deps: EnvironmentDeps & { readonly envFiles: EnvFiles; readonly leftovers: Pick<Leftovers, 'unwatch'> },
): AgentPlaceOf {
  return async (sessionId) => {
    const context = await loadContext(deps.store, deps.envFiles, sessionId);
    const step = context.steps.find((row) => row.status === 'running' && stepOf(context.definition, row)?.action === 'agent-thread');
    if (!step) {
      throw new Failure('PRECONDITION', `Session "${context.session.slug}" does not wait for an agent now.`, {
        details: { reason: 'no_agent' },
      });
    }
    // Its host is no step of it.
    deps.leftovers.unwatch(sessionId);
    const cwd = await workingDirectoryOf(context, { named: undefined, stepRunId: step.id, policy: deps.policy });
    return { cwd, env: await environmentOfStep(context, step, cwd, deps) };
  };
}
