// A request becomes a spec task. What is wrong with it is found before there is a row; nothing runs yet.

import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import type { AgentRegistry } from '../models/registry.ts';
import { repositoryOf } from '../projects/repository.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import { settle } from '../store/receipts.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { Git } from '../tools/git/git.ts';
import { branchPrefixOf } from './branches.ts';
import { type ResolveDeps, resolveSpecTask } from './resolve.ts';
import type { Sources } from './sources.ts';
import type { TaskTemplates } from './templates.ts';
import { specTaskSubject } from './transition.ts';
import { specTaskView } from './view.ts';

export type CreateRequest = OwnParamsOf<'specTask.create'>;

export interface TaskDefaults {
  readonly planningAgent: string;
  readonly implementationAgents: readonly string[];
  readonly adapter: SpecTask['adapter'];
}

export interface CreateDeps extends ResolveDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly git: Git;
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  readonly envFiles: Pick<EnvFiles, 'write' | 'remove'>;
  readonly templates: TaskTemplates;
  readonly sources: Sources;
  readonly defaults: () => TaskDefaults;
  /** Throws NOT_FOUND for a command that a project does not have. */
  readonly assertCommand: (projectPath: string, name: string) => Promise<void>;
}

const nameChars = 60;

export async function createSpecTask(deps: CreateDeps, request: CreateRequest, origin: Origin): Promise<SpecTask> {
  const { store, ids, clock } = deps;
  const project = await deps.projects.resolve(request.project);
  const prefilled = await prefill(deps, project, request);
  const baseBranch = request.baseBranch ?? (await deps.git.defaultBranch(repositoryOf(project)));
  if (baseBranch === undefined) throw emptyRepository(project);
  await deps.git.resolveCommit(repositoryOf(project), baseBranch);
  const agents = await checkAgents(deps, project, request, prefilled.agents);
  const dependsOn: string[] = [];
  for (const ref of request.dependsOn) dependsOn.push((await resolveSpecTask(deps, ref, project.id)).id);
  const id = ids.next('spt');
  await deps.envFiles.write(id, { environment: request.environment, arguments: {}, token: '' });
  try {
    return await store.write((w) => {
      const number = w.specTasks.nextNumber(project.id);
      const name = request.name ?? shortName(prefilled.prompt);
      const branchPrefix = branchPrefixOf(number, name);
      const { type, priority, labels, skipPlanning, workspaceConfig, failPolicy, approvalsRequired, landing, estimatedHours } = request;
      const task: SpecTaskRecord = {
        ...{ id, number, projectId: project.id, name, prompt: prefilled.prompt, type, priority, dependsOn, labels: [...labels] },
        ...{ status: 'backlog', revision: 0, baseBranch, branchPrefix, integrationBranch: `${branchPrefix}/integration` },
        ...{ skipPlanning, ...agents, workspaceConfig, failPolicy, approvalsRequired, landing, planningAttempts: 0 },
        ...{ createdBy: origin.actor, createdAt: clock.now(), version: 1 },
        ...(estimatedHours === undefined ? {} : { estimatedHours }),
        ...(prefilled.source === undefined ? {} : { source: prefilled.source }),
        ...(request.template === undefined ? {} : { template: request.template }),
      };
      w.specTasks.insert(task);
      w.events.append({ type: 'specTask.created', subject: specTaskSubject(task), actor: origin.actor, data: { number, name } });
      return settle(w, origin.receipt, specTaskView(task));
    });
  } catch (error) {
    await deps.envFiles.remove(id);
    throw error;
  }
}

/** The prompt, or its first 57 characters and "...". */
export function shortName(prompt: string): string {
  const line = prompt.replaceAll(/\s+/g, ' ').trim();
  return line.length <= nameChars ? line : `${line.slice(0, nameChars - 3)}...`;
}

/** What a template and a source say of it; what the caller says wins. */
async function prefill({ templates, sources }: CreateDeps, project: ProjectRecord, { prompt, template, from }: CreateRequest) {
  const filled = template === undefined ? undefined : await templates.get(project.path, template);
  const fetched = from === undefined ? undefined : await sources.fetch(from, project.path);
  const text = (prompt ?? fetched?.prompt ?? '').trim();
  const whole = filled === undefined || (text === '' && filled.needsText) ? text : filled.promptFor(text);
  if (whole === '') {
    throw new Failure(
      'INVALID_PARAMS',
      'A spec task needs a prompt: say what is to be done, or name a source or a template that says it.',
      {
        details: { issues: [{ path: ['prompt'], message: 'is missing' }] },
      },
    );
  }
  return { prompt: whole, agents: filled?.agents, source: fetched?.source };
}

async function checkAgents(deps: CreateDeps, project: ProjectRecord, request: CreateRequest, fromTemplate: readonly string[] | undefined) {
  const defaults = deps.defaults();
  const planningAgent = request.planningAgent ?? request.implementationAgents?.[0] ?? fromTemplate?.[0] ?? defaults.planningAgent;
  const wanted =
    request.implementationAgents ?? fromTemplate ?? (request.planningAgent ? [request.planningAgent] : defaults.implementationAgents);
  const command = commandOf(planningAgent);
  if (command === undefined) deps.agents.resolve(planningAgent);
  else await deps.assertCommand(project.path, command);
  // A command can plan, and it can not implement.
  const implementationAgents = wanted.map((name) => (commandOf(name) === undefined ? name : (defaults.implementationAgents[0] ?? name)));
  for (const name of implementationAgents) deps.agents.resolve(name);
  return { planningAgent, implementationAgents, adapter: request.adapter ?? defaults.adapter };
}

/** `command:<name>` plans by a command instead of an agent. */
export function commandOf(planningAgent: string): string | undefined {
  return planningAgent.startsWith('command:') ? planningAgent.slice('command:'.length) : undefined;
}

function emptyRepository(project: ProjectRecord): Failure {
  return new Failure('PRECONDITION', `The repository "${project.path}" has no commit yet; make a first one, then try again.`, {
    details: { reason: 'empty_repository' },
  });
}
