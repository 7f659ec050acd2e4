// What must hold between entries of the registry and gates, beyond the shape of each. Pure.
import { nearest } from '../../rpc/nearest.ts';
import { indexNames, type Named, type NameIndex } from './names.ts';

export interface AgentFacts extends Named {
  readonly model?: string | undefined;
  readonly takesPrompts: boolean;
  readonly model_flag?: string | undefined;
}

export interface GateFacts {
  readonly members: readonly string[];
  readonly required?: number | undefined;
}

export interface RegistryTables {
  readonly models: Readonly<Record<string, Named>>;
  readonly agents: Readonly<Record<string, AgentFacts>>;
  readonly quality_gates: Readonly<Record<string, GateFacts>>;
  readonly spec_tasks?: SpecTaskAgents;
}

/** As far as the files say them: a default that is not there is no fault of theirs. */
export interface SpecTaskAgents {
  readonly planning_agent?: string | undefined;
  readonly implementation_agents?: readonly string[] | undefined;
}

export interface RegistryFault {
  readonly path: readonly string[];
  readonly message: string;
}

export function checkRegistry(tables: RegistryTables): RegistryFault[] {
  const models = indexNames(tables.models);
  const agents = indexNames(tables.agents);
  return [
    ...checkAliases(tables),
    ...Object.entries(tables.agents).flatMap(([name, agent]) => checkAgent(name, agent, models)),
    ...Object.entries(tables.quality_gates).flatMap(([name, gate]) => checkGate(name, gate, agents, models)),
    ...checkSpecTasks(tables.spec_tasks ?? {}, agents),
  ];
}

/** One alias stands for one entry of either table, and for no other name. */
function checkAliases({ models, agents }: RegistryTables): RegistryFault[] {
  const entries = [...entriesOf('models', models), ...entriesOf('agents', agents)];
  const named = new Map(entries.map(({ table, name }) => [name.toLowerCase(), `${table.slice(0, -1)} "${name}"`]));
  const taken = new Map<string, string>();
  return entries.flatMap(({ table, name, aliases }) =>
    aliases.flatMap((alias, index) => {
      const path = [table, name, 'aliases', String(index)];
      const key = alias.toLowerCase();
      const holder = taken.get(key);
      taken.set(key, holder ?? `${table.slice(0, -1)} "${name}"`);
      if (named.has(key)) {
        const message = `the alias "${alias}" is the name of the ${named.get(key)}; an alias stands for one entry, never for a name or another alias`;
        return [{ path, message }];
      }
      if (holder !== undefined)
        return [{ path, message: `the alias "${alias}" is taken by the ${holder}; aliases are unique over all names` }];
      return [];
    }),
  );
}

function entriesOf(table: 'models' | 'agents', entries: Readonly<Record<string, Named>>) {
  return Object.entries(entries).map(([name, { aliases }]) => ({ table, name, aliases }));
}

function checkAgent(name: string, agent: AgentFacts, models: NameIndex<Named>): RegistryFault[] {
  if (!agent.enabled || agent.model === undefined) return [];
  const path = ['agents', name, 'model'];
  const message = unresolved('model', agent.model, models);
  if (message !== undefined) return [{ path, message }];
  if (!agent.takesPrompts || agent.model_flag !== undefined) return [];
  return [{ path, message: `nothing tells the program of "${name}" its model; give the agent a model_flag, like "--model"` }];
}

function checkGate(name: string, { members, required }: GateFacts, agents: NameIndex<Named>, models: NameIndex<Named>): RegistryFault[] {
  const at = ['quality_gates', name];
  const faults = members.flatMap((member, index) => {
    const message = unresolved('agent', member, agents);
    if (message === undefined) return [];
    const isModel = models.canonical(member) !== undefined && agents.canonical(member) === undefined;
    const told = isModel ? `"${member}" is a model; a gate asks agents, so name one that uses it` : message;
    return [{ path: [...at, 'members', String(index)], message: told }];
  });
  if (required === undefined || required <= members.length) return faults;
  const message = `${required} of ${members.length} members can never succeed; require at most ${members.length}`;
  return [...faults, { path: [...at, 'required'], message }];
}

/** A plan may come from a command; what projects have of those is not known here. */
function checkSpecTasks({ planning_agent, implementation_agents = [] }: SpecTaskAgents, agents: NameIndex<Named>): RegistryFault[] {
  const named: readonly (readonly [path: readonly string[], name: string])[] = [
    ...(planning_agent === undefined || planning_agent.startsWith('command:') ? [] : [[['planning_agent'], planning_agent] as const]),
    ...implementation_agents.map((name, index) => [['implementation_agents', String(index)], name] as const),
  ];
  return named.flatMap(([path, name]) => {
    const message = unresolved('agent', name, agents);
    return message === undefined ? [] : [{ path: ['spec_tasks', ...path], message }];
  });
}

function unresolved(noun: string, name: string, index: NameIndex<Named>): string | undefined {
  const found = index.find(name);
  if (found?.entry.enabled) return undefined;
  if (found !== undefined) return `the ${noun} "${found.name}" is disabled`;
  const near = nearest(name, index.spoken)[0];
  return `there is no ${noun} "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}
