// Models and agents by name, as the configuration in force has them. Names are looked up whatever their case, by alias too; what is
// disabled is there to be seen and resolves to nothing.
import { nearest } from '../../rpc/nearest.ts';
import type { AgentConfig } from '../../schemas/agent.ts';
import type { Config } from '../../schemas/config.ts';
import { Failure } from '../../schemas/errors.ts';
import type { ModelConfig } from '../../schemas/model.ts';
import { indexNames, type NameIndex } from './names.ts';

export interface ResolvedModel {
  readonly name: string;
  readonly provider: string;
  /** The provider's own name of it. */
  readonly model: string;
  readonly tier: ModelConfig['tier'];
}

export interface ResolvedAgent {
  /** The canonical name. */
  readonly name: string;
  readonly protocol: AgentConfig['protocol'];
  readonly command: readonly string[];
  /** Takes one prompt on standard input and answers on standard output; names the model where there is one. */
  readonly headless?: readonly string[];
  /** Its own interactive program. */
  readonly terminal?: readonly string[];
  /** Names of the variables it cannot do without. */
  readonly env: readonly string[];
  readonly model?: ResolvedModel;
  readonly permissions: AgentConfig['permissions'];
}

export type ModelEntry = ModelConfig & { readonly name: string };
export type AgentEntry = AgentConfig & { readonly name: string };

export interface ModelRegistry {
  /** Throws MODEL_UNKNOWN for what is not there or disabled. */
  resolve(name: string): ResolvedModel;
  /** Also what is disabled. Throws MODEL_UNKNOWN. */
  get(name: string): ModelEntry;
  /** All, sorted by name, also what is disabled. */
  list(): readonly ModelEntry[];
}

export interface AgentRegistry {
  /** Throws MODEL_UNKNOWN for what is not there or disabled. */
  resolve(name: string): ResolvedAgent;
  /** Also what is disabled. Throws MODEL_UNKNOWN. */
  get(name: string): AgentEntry;
  /** Whether a name or alias is taken, also by what is disabled. */
  has(name: string): boolean;
  /** All, sorted by name, also what is disabled. */
  list(): readonly AgentEntry[];
}

export interface Registry {
  readonly models: ModelRegistry;
  readonly agents: AgentRegistry;
}

type Tables = Pick<Config, 'models' | 'agents'>;

export function createRegistry(current: () => Tables): Registry {
  let indexed: { readonly of: Tables; readonly models: NameIndex<ModelConfig>; readonly agents: NameIndex<AgentConfig> } | undefined;
  const indexes = () => {
    const of = current();
    if (indexed?.of !== of) indexed = { of, models: indexNames(of.models), agents: indexNames(of.agents) };
    return indexed;
  };
  const models: ModelRegistry = {
    resolve: (name) => modelOf(enabled('model', indexes().models, name)),
    get: (name) => entryOf('model', indexes().models, name),
    list: () => listOf(current().models),
  };
  const agents: AgentRegistry = {
    resolve: (name) => {
      const entry = enabled('agent', indexes().agents, name);
      return agentOf(entry, entry.model === undefined ? undefined : models.resolve(entry.model));
    },
    get: (name) => entryOf('agent', indexes().agents, name),
    has: (name) => indexes().agents.canonical(name) !== undefined,
    list: () => listOf(current().agents),
  };
  return { models, agents };
}

function modelOf({ name, provider, model, tier }: ModelEntry): ResolvedModel {
  return { name, provider, model, tier };
}

function agentOf(
  { name, protocol, command, headless, terminal, env, model_flag, permissions }: AgentEntry,
  model: ResolvedModel | undefined,
) {
  const oneShot = headless ?? (protocol === 'headless' ? command : undefined);
  const interactive = terminal ?? (protocol === 'tui' ? command : undefined);
  const modelArgs = model === undefined || model_flag === undefined ? [] : [model_flag, model.model];
  return {
    ...{ name, protocol, command, env, permissions },
    ...(interactive === undefined ? {} : { terminal: interactive }),
    ...(oneShot === undefined ? {} : { headless: [...oneShot, ...modelArgs] }),
    ...(model === undefined ? {} : { model }),
  };
}

function listOf<T>(table: Readonly<Record<string, T>>): (T & { name: string })[] {
  const names = Object.keys(table).toSorted();
  return names.map((name) => ({ name, ...(table[name] as T) }));
}

type Noun = 'model' | 'agent';

function entryOf<T extends ModelConfig | AgentConfig>(noun: Noun, index: NameIndex<T>, name: string): T & { name: string } {
  const found = index.find(name);
  if (found === undefined) throw unknown(noun, index, name, `There is no ${noun} "${name}"`);
  return { name: found.name, ...found.entry };
}

function enabled<T extends ModelConfig | AgentConfig>(noun: Noun, index: NameIndex<T>, name: string): T & { name: string } {
  const entry = entryOf(noun, index, name);
  if (entry.enabled) return entry;
  throw unknown(noun, index, name, `The ${noun} "${entry.name}" is disabled by the configuration`);
}

function unknown(noun: Noun, { available, spoken }: NameIndex<ModelConfig | AgentConfig>, name: string, what: string): Failure {
  const suggestions = nearest(name, spoken);
  const advice = suggestions[0] === undefined ? `"coppice ${noun}s" lists what there is` : `did you mean "${suggestions[0]}"?`;
  return new Failure('MODEL_UNKNOWN', `${what}; ${advice}${advice.endsWith('?') ? '' : '.'}`, { details: { available, suggestions } });
}
