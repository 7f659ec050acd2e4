// What must hold between tables, looked at as far as each entry is sound, so that one wrong entry hides no other fault.
import { AgentConfig } from '../../schemas/agent.ts';
import { ModelConfig } from '../../schemas/model.ts';
import { QualityGateConfig } from '../../schemas/quality-gate.ts';
import { type AgentFacts, checkRegistry, type GateFacts, type RegistryFault, type SpecTaskAgents } from '../models/check.ts';
import type { Named } from '../models/names.ts';
import { isTree, type Tree } from './tree.ts';

/** An entry with faults of its own has a name, and that is all that is known of it. */
const unknownEntry: AgentFacts = { aliases: [], enabled: true, takesPrompts: false };

export function crossCheck(tree: Tree): RegistryFault[] {
  return checkRegistry({
    models: factsOf<Named>(tree.models, (entry) => ModelConfig.safeParse(entry).data ?? unknownEntry),
    agents: factsOf<AgentFacts>(tree.agents, (entry) => {
      const agent = AgentConfig.safeParse(entry).data;
      return agent === undefined ? unknownEntry : { ...agent, takesPrompts: agent.headless !== undefined || agent.protocol === 'headless' };
    }),
    quality_gates: factsOf<GateFacts>(tree.quality_gates, (entry) => QualityGateConfig.safeParse(entry).data ?? { members: [] }),
    spec_tasks: isTree(tree.spec_tasks) ? specTaskAgents(tree.spec_tasks) : {},
  });
}

/** Without the defaults: a builtin agent that is disabled is no fault of who never named it. */
function specTaskAgents({ planning_agent, implementation_agents }: Tree): SpecTaskAgents {
  return {
    planning_agent: typeof planning_agent === 'string' ? planning_agent : undefined,
    implementation_agents: Array.isArray(implementation_agents)
      ? implementation_agents.filter((name): name is string => typeof name === 'string')
      : undefined,
  };
}

function factsOf<T>(table: unknown, read: (entry: unknown) => T): Record<string, T> {
  return isTree(table) ? Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, read(entry)])) : {};
}
