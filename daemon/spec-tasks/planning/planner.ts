// The session of a planner: an agent that is driven from outside in a worktree of its own, or a command of the project.
import { Failure, isFailure } from '../../../schemas/errors.ts';
import type { Catalogue } from '../../commands/catalogue.ts';
import { runnable } from '../../commands/catalogue.ts';
import type { AgentRegistry } from '../../models/registry.ts';
import { agentSession } from '../../sessions/agent-session.ts';
import type { EnvFiles } from '../../sessions/env-file.ts';
import type { StartWish } from '../../sessions/prepare.ts';
import type { ProjectRecord } from '../../store/tables/projects.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import { commandOf } from '../creating.ts';

export interface PlannerDeps {
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  readonly catalogue: Pick<Catalogue, 'get'>;
  readonly envFiles: Pick<EnvFiles, 'read'>;
}

export interface Instructions {
  readonly prompt: string;
  /** What was said of the plan before. */
  readonly feedback: string;
  readonly revision: number;
}

/** Throws MODEL_UNKNOWN, NOT_FOUND or COMMAND_INVALID for a planner that can not be. */
export async function plannerWish(
  deps: PlannerDeps,
  task: SpecTaskRecord,
  project: ProjectRecord,
  instructions: Instructions,
): Promise<StartWish> {
  const environment = await environmentOf(deps.envFiles, task.id);
  const links = { specTaskId: task.id, role: 'planning' } as const;
  const command = commandOf(task.planningAgent);
  if (command !== undefined) {
    const declared = runnable(await deps.catalogue.get(project.path, command)).arguments.map(({ name }) => name);
    const known = { ...instructions, spec_task: task.id, revision: String(instructions.revision) };
    const given = Object.entries(known).filter(([name]) => declared.includes(name));
    return { request: { project: project.id, command, arguments: Object.fromEntries(given), environment }, extras: { links } };
  }
  deps.agents.resolve(task.planningAgent);
  const plain = agentSession({ name: 'plan', branch: `${task.branchPrefix}/planning`, base: task.baseBranch }, task);
  // Planned again, it goes on with what is there.
  const definition = { ...plain, worktree: { ...plain.worktree, existing: 'reuse' as const } };
  const own = { definition, prompt: instructions.prompt };
  return { request: { project: project.id, command: definition.name, arguments: {}, environment }, extras: { own, links } };
}

/** The client's own, as it was when the task was made; without its file that of the daemon is taken, as for clients that send none. */
async function environmentOf(envFiles: Pick<EnvFiles, 'read'>, specTaskId: string): Promise<Readonly<Record<string, string>>> {
  try {
    return (await envFiles.read(specTaskId)).environment;
  } catch (error) {
    if (isFailure(error) && error instanceof Failure && error.details?.reason === 'environment_lost') return {};
    throw error;
  }
}
