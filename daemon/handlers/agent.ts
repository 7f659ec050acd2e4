import type { Agent } from '../../schemas/agent.ts';
import type { AgentEntry } from '../models/registry.ts';
import type { HandlersOf } from '../server/connection.ts';
import { pageByName } from './page-by-name.ts';
import type { Services } from './services.ts';

export function agentHandlers({ agents, availability, ownEnvironment }: Services): HandlersOf<'agent'> {
  const view = async ({ model_flag: modelFlag, ...agent }: AgentEntry): Promise<Agent> => {
    const { programs, missingEnv, usable } = await availability.of(agent, ownEnvironment);
    return {
      ...agent,
      ...(modelFlag === undefined ? {} : { modelFlag }),
      programs: programs.map((program) => ({ ...program, for: [...program.for] })),
      missingEnv: [...missingEnv],
      usable: [...usable],
    };
  };
  return {
    'agent.list': async ({ cursor, limit }) => {
      const { items, nextCursor } = pageByName(agents.list(), cursor, limit);
      return { agents: await Promise.all(items.map(view)), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    'agent.get': ({ name }) => view(agents.get(name)),
    'agent.resolve': ({ name }) => {
      const { command, headless, env, ...agent } = agents.resolve(name);
      return { ...agent, command: [...command], env: [...env], ...(headless === undefined ? {} : { headless: [...headless] }) };
    },
  };
}
