// Gates: named groups of agents that are asked the same thing. Which there are is in the configuration; a run is a group of sessions.
import { nearest } from '../../rpc/nearest.ts';
import type { Config } from '../../schemas/config.ts';
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { Gate } from '../../schemas/gate.ts';
import type { Group } from '../../schemas/group.ts';
import { limits } from '../../schemas/limits.ts';
import type { GroupService } from '../groups/service.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Availability } from '../models/availability.ts';
import type { AgentRegistry, ResolvedAgent } from '../models/registry.ts';
import type { Environment } from '../sessions/environment.ts';
import { gateMember, memberCommand } from './member.ts';

export interface GateRun {
  readonly name: string;
  readonly project: string;
  readonly prompt: string;
  readonly environment: Environment;
}

export interface GateService {
  /** By name. */
  list(): Gate[];
  /** Throws NOT_FOUND with near names. */
  get(name: string): Gate;
  run(wish: GateRun, origin: Origin): Promise<Group>;
}

export interface GateDeps {
  readonly configured: () => Config['quality_gates'];
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  readonly groups: Pick<GroupService, 'start'>;
  readonly availability: Pick<Availability, 'assertUsable'>;
  /** For clients that sent no environment of their own. */
  readonly ownEnvironment: Environment;
}

export function createGateService({ configured, agents, groups, availability, ownEnvironment }: GateDeps): GateService {
  const get = (name: string): Gate => {
    const gates = configured();
    const found = Object.hasOwn(gates, name) ? gates[name] : undefined;
    if (found === undefined) throw unknownGate(name, Object.keys(gates));
    const { members, required = members.length, timeout } = found;
    return { name, members: members.map(memberView), required, timeoutMs: Math.round(timeout * 1000) };
  };
  const memberView = (name: string): Gate['members'][number] => {
    try {
      const agent = askable(name);
      return { name, agent: agent.name };
    } catch (error) {
      if (!isFailure(error)) throw error;
      return { name, problem: error.message };
    }
  };
  const askable = (name: string): AskableAgent => {
    const agent = agents.resolve(name);
    const { headless } = agent;
    if (headless !== undefined) return { ...agent, headless };
    throw new Failure(
      'PRECONDITION',
      `The agent "${agent.name}" takes no prompt on standard input; give it "headless" in its configuration.`,
      {
        details: { reason: 'not_headless', agent: agent.name },
      },
    );
  };
  return {
    get,
    list: () => Object.keys(configured()).toSorted().map(get),
    async run({ name, project, prompt, environment: given }, origin) {
      const { members, required, timeoutMs } = get(name);
      const bytes = Buffer.byteLength(prompt);
      if (bytes > limits.promptFileBytes) {
        throw new Failure('LIMIT_EXCEEDED', `The prompt has ${bytes} bytes, over the limit of ${limits.promptFileBytes}; shorten it.`, {
          details: { limit: limits.promptFileBytes, value: bytes },
        });
      }
      const environment = Object.keys(given).length > 0 ? given : ownEnvironment;
      const asked = members.map((member) => askable(member.name));
      // What would surely fail is said now. The agents run with the environment of the client, so that is looked at.
      for (const { name, headless, env } of asked) await availability.assertUsable(name, headless[0] as string, env, environment);
      const starts = asked.map((agent) => ({
        request: { project, command: memberCommand, arguments: { agent: agent.name }, environment },
        extras: { own: { definition: gateMember(agent.name, agent.headless), prompt } },
      }));
      const wish = { kind: 'quorum', required, failFast: false, timeoutMs, starts } as const;
      return groups.start(wish, origin, { gate: name, agents: asked.map((agent) => agent.name) });
    },
  };
}

type AskableAgent = ResolvedAgent & { readonly headless: readonly string[] };

function unknownGate(name: string, names: readonly string[]): Failure {
  const suggestions = nearest(name, names);
  const hint = suggestions[0] === undefined ? '"coppice gate list" shows them.' : `did you mean "${suggestions[0]}"?`;
  return new Failure('NOT_FOUND', `There is no gate "${name}"; ${hint}`, { details: { entity: 'gate', id: name, suggestions } });
}
