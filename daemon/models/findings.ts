// What is missing of the agents, with what to do about it: for doctor, and for the log when a configuration is taken in.
import type { Config } from '../../schemas/config.ts';
import { remedyFor } from '../tools/process.ts';
import { type Availability, isWanted } from './availability.ts';

export interface AgentFinding {
  readonly check: string;
  readonly ok: boolean;
  readonly optional: boolean;
  readonly found?: string;
  readonly remedy?: string;
}

type Tables = Pick<Config, 'agents' | 'quality_gates' | 'validation'>;

/** One finding an agent that is not disabled. */
export async function examineAgents(
  config: Tables,
  availability: Availability,
  env: Readonly<Record<string, string | undefined>>,
): Promise<AgentFinding[]> {
  const { check_executables: programsCount, check_credentials: variablesCount } = config.validation;
  const enabled = Object.entries(config.agents).filter(([, agent]) => agent.enabled);
  return Promise.all(
    enabled.map(async ([name, agent]) => {
      const { programs, missingEnv } = await availability.of(agent, env);
      const absent = programsCount ? programs.filter(({ path }) => path === undefined) : [];
      const remedies = [
        ...absent.map(({ program }) => `"${program}" is not on the PATH of the daemon: ${remedyFor(program)}`),
        ...(variablesCount ? missingEnv : []).map((variable) => `${variable} is not set: set it in the environment of the daemon`),
      ];
      const found = programs.flatMap(({ path }) => path ?? []).join(', ');
      return {
        check: `agent ${name}`,
        ok: remedies.length === 0,
        optional: !isWanted(name, config),
        ...(found === '' ? {} : { found }),
        ...(remedies.length === 0 ? {} : { remedy: remedies.join('; ') }),
      };
    }),
  );
}
