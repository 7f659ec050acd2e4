// workSession.create: a place to talk to an agent, beside the others of a spec task or with one of its own.
import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { ImplementationSettings, type SpecTask } from '../../schemas/spec-task.ts';
import type { WorkSession } from '../../schemas/work-session.ts';
import type { Origin } from '../kernel/origin.ts';
import type { AgentRegistry } from '../models/registry.ts';
import type { PolicyService } from '../policy/service.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import type { CreateRequest } from '../spec-tasks/creating.ts';
import { freshSpecTask, moveSpecTask } from '../spec-tasks/transition.ts';
import { settle } from '../store/receipts.ts';
import type { Writer } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { insertAdHoc } from './ad-hoc.ts';
import { type ControlDeps, wakeTask } from './control.ts';
import { workSessionView } from './view.ts';

export type ConversingDeps = ControlDeps & {
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  readonly policy: Pick<PolicyService, 'facts' | 'enforce'>;
  readonly envFiles: Pick<EnvFiles, 'write'>;
  readonly createTask: (request: CreateRequest, origin: Origin) => Promise<SpecTask>;
};

type Wanted = Omit<OwnParamsOf<'workSession.create'>, 'specTask'>;

/** Throws INVALID_TRANSITION for a spec task that is over. Its spec task merges nothing by itself. */
export async function createConversation(
  deps: ConversingDeps,
  task: SpecTaskRecord | undefined,
  wanted: Wanted,
  origin: Origin,
): Promise<WorkSession> {
  const agent = wanted.agent === undefined ? undefined : deps.agents.resolve(wanted.agent).name;
  await assertMayStart(deps, wanted, origin);
  const id = deps.ids.next('wks');
  const specTaskId = task?.id ?? (await ownTask(deps, wanted, agent, origin)).id;
  const { mcpServers } = wanted;
  if (mcpServers.length > 0) await deps.envFiles.write(id, { environment: {}, arguments: {}, token: '', mcpServers });
  return deps.store.write((w) => {
    begin(deps, w, specTaskId, origin);
    const now = freshSpecTask(w, specTaskId);
    const { name } = wanted;
    const made = { id, name, description: '', prompt: '', agent: agent ?? deps.agents.resolve(now.implementationAgents[0] as string).name };
    return settle(w, origin.receipt, workSessionView(w, insertAdHoc(deps, w, now, made, origin.actor)));
  });
}

/** Throws POLICY_DENIED before anything is made. */
async function assertMayStart({ policy }: ConversingDeps, { mcpServers, environment }: Wanted, { actor }: Origin): Promise<void> {
  const place = { searchPath: environment.PATH, cwd: '/' };
  const questions = await Promise.all(mcpServers.map(({ command }) => policy.facts.executable(command, place)));
  await policy.enforce(questions, { actor });
}

async function ownTask(deps: ConversingDeps, wanted: Wanted, agent: string | undefined, { actor }: Origin): Promise<SpecTask> {
  const { project, name, baseBranch, environment } = wanted;
  if (project === undefined) {
    throw new Failure('INVALID_PARAMS', 'A work session needs a project, or a spec task to stand in; name one.', {
      details: { issues: [{ path: ['project'], message: 'is missing' }] },
    });
  }
  return deps.createTask(
    {
      ...{ project, name, prompt: name, type: 'chore', priority: 'medium', dependsOn: [], labels: ['ad_hoc'], skipPlanning: true },
      ...{ workspaceConfig: { copy: [], env: {}, setup: [] }, failPolicy: 'continue', approvalsRequired: 1, landing: 'none', environment },
      ...(agent === undefined ? {} : { implementationAgents: [agent] }),
      ...(baseBranch === undefined ? {} : { baseBranch }),
    },
    // Without the receipt of this call: that is for the work session.
    { actor },
  );
}

/** What was talked about is merged when somebody says so. */
const settings = ImplementationSettings.parse({ mergeMode: 'manual' });

function begin(deps: ConversingDeps, w: Writer, specTaskId: string, origin: Origin): void {
  if (freshSpecTask(w, specTaskId).status !== 'backlog') {
    wakeTask(deps, w, specTaskId, origin);
    return;
  }
  w.specTasks.change(specTaskId, { implementation: settings });
  const change = { startedAt: deps.clock.now() };
  moveSpecTask(w, specTaskId, 'queued_implementation', { origin, now: deps.clock.now(), change });
}
