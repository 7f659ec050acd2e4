// Whether an agent can be used: are its programs there, and the variables it cannot do without. Nothing is started to find out.
import { isDeepStrictEqual } from 'node:util';
import { AgentConfig, builtinAgents } from '../../schemas/agent.ts';
import type { Config } from '../../schemas/config.ts';
import { Failure } from '../../schemas/errors.ts';
import { missingTool } from '../tools/process.ts';
import { indexNames } from './names.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Way = AgentConfig['protocol'];

export interface AgentProgram {
  readonly program: string;
  /** The ways of driving the agent that it is for. */
  readonly for: readonly Way[];
  /** Absent when it is not there. */
  readonly path?: string;
}

export interface AgentAvailability {
  readonly programs: readonly AgentProgram[];
  /** Variables that are not set. */
  readonly missingEnv: readonly string[];
  /** The ways in which it can be used now. */
  readonly usable: readonly Way[];
}

export interface Availability {
  of(agent: Pick<AgentConfig, 'protocol' | 'command' | 'headless' | 'env'>, env: Env): Promise<AgentAvailability>;
  /** Throws TOOL_MISSING for a program, PRECONDITION for variables, as the environment of whoever uses it has them. */
  assertUsable(name: string, program: string, variables: readonly string[], env: Env): Promise<void>;
}

export type Which = (program: string, searchPath: string) => Promise<string | undefined>;

export function createAvailability(which: Which): Availability {
  const find = (program: string, env: Env): Promise<string | undefined> => which(program, env.PATH ?? '');
  return {
    async of({ protocol, command, headless, env: variables }, env) {
      const programs: AgentProgram[] = [];
      for (const [program, ways] of programsOf(protocol, command, headless)) {
        const path = await find(program, env);
        programs.push({ program, for: ways, ...(path === undefined ? {} : { path }) });
      }
      const missingEnv = unset(variables, env);
      const usable = missingEnv.length > 0 ? [] : programs.flatMap((program) => (program.path === undefined ? [] : program.for));
      return { programs, missingEnv, usable };
    },
    async assertUsable(name, program, variables, env) {
      if ((await find(program, env)) === undefined) throw missingTool(program);
      const missing = unset(variables, env);
      if (missing.length === 0) return;
      const remedy = `set ${missing.join(' and ')} where the session is started`;
      throw new Failure('PRECONDITION', `The agent "${name}" cannot do without ${missing.join(' and ')}; ${remedy}.`, {
        details: { reason: 'missing_variable', variables: missing, remedy },
      });
    },
  };
}

function programsOf(protocol: Way, [command = '']: readonly string[], headless: readonly string[] | undefined): Map<string, Way[]> {
  const programs = new Map<string, Way[]>([[command, [protocol]]]);
  const oneShot = headless?.[0];
  if (oneShot !== undefined) programs.set(oneShot, [...new Set([...(programs.get(oneShot) ?? []), 'headless' as const])]);
  return programs;
}

function unset(variables: readonly string[], env: Env): string[] {
  return variables.filter((name) => (env[name] ?? '') === '');
}

/** Whether somebody wants this agent here: the configuration names it, or a gate asks it. Others are missed by nobody. */
export function isWanted(name: string, { agents, quality_gates: gates }: Pick<Config, 'agents' | 'quality_gates'>): boolean {
  const names = indexNames(agents);
  if (Object.values(gates).some(({ members }) => members.some((member) => names.canonical(member) === name))) return true;
  const builtin = Object.hasOwn(builtinAgents, name) ? builtinAgents[name as keyof typeof builtinAgents] : undefined;
  return builtin === undefined || !isDeepStrictEqual(AgentConfig.parse(builtin), agents[name]);
}
