// The session of a planner: an agent that is driven from outside in a worktree of its own, or a command of the project.
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
  readonly envFiles: Pick<EnvFiles, 'environmentOf'>;
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
  const environment = await deps.envFiles.environmentOf(task.id);
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
