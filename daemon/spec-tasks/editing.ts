// What was said of a task, changed later: as far as its state still allows.
import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { Origin } from '../kernel/origin.ts';
import type { AgentRegistry } from '../models/registry.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store } from '../store/store.ts';
import { present } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { Change } from '../store/tables/table.ts';
import { type CreateDeps, commandOf } from './creating.ts';
import { hasEnded } from './machine.ts';
import { assertVersion, freshSpecTask, nameOf, specTaskSubject } from './transition.ts';
import { specTaskView } from './view.ts';

export type EditRequest = Omit<OwnParamsOf<'specTask.update'>, 'id' | 'project'>;

export interface EditDeps {
  readonly store: Store;
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  readonly resolveId: (ref: string, projectId: string) => Promise<string>;
  readonly assertCommand: CreateDeps['assertCommand'];
}

/** What shapes planning can not change once a plan is there. */
const untilPlanned = ['prompt', 'planningAgent'] as const;
const planned: readonly SpecTask['status'][] = [
  'spec_approved',
  'queued_implementation',
  'implementation',
  'implementation_review',
  'implementation_failed',
];

export async function editSpecTask(
  deps: EditDeps,
  task: SpecTaskRecord,
  { ifVersion, ...wanted }: EditRequest,
  origin: Origin,
): Promise<SpecTask> {
  const dependsOn = wanted.dependsOn && (await Promise.all(wanted.dependsOn.map((ref) => deps.resolveId(ref, task.projectId))));
  if (wanted.planningAgent !== undefined) await assertPlanner(deps, task, wanted.planningAgent);
  for (const name of wanted.implementationAgents ?? []) deps.agents.resolve(name);
  return deps.store.write((w) => {
    const now = freshSpecTask(w, task.id);
    assertVersion(now, ifVersion);
    const change = present({ ...wanted, dependsOn }) as Change<SpecTaskRecord>;
    const keys = Object.keys(change).filter(
      (name) => JSON.stringify(now[name as keyof SpecTaskRecord]) !== JSON.stringify(change[name as keyof typeof change]),
    );
    if (keys.length === 0) return settle(w, origin.receipt, specTaskView(now));
    const late = planned.includes(now.status) ? untilPlanned.find((name) => keys.includes(name)) : undefined;
    if (hasEnded(now.status) || late !== undefined) throw tooLate(now, late);
    assertNoCircle(w, now, dependsOn ?? []);
    w.specTasks.change(now.id, change);
    w.events.append({ type: 'specTask.updated', subject: specTaskSubject(now), actor: origin.actor, data: { keys } });
    return settle(w, origin.receipt, specTaskView(freshSpecTask(w, now.id)));
  });
}

function tooLate(task: SpecTaskRecord, key: string | undefined): Failure {
  const what = key === undefined ? 'nothing of it changes any more' : `its ${key} has done its part`;
  return new Failure('INVALID_TRANSITION', `${nameOf(task)} is ${task.status}, so ${what}.`, {
    details: { from: task.status, to: task.status, allowed: [] },
  });
}

async function assertPlanner(deps: EditDeps, { projectId }: SpecTaskRecord, planner: string): Promise<void> {
  const command = commandOf(planner);
  const project = deps.store.read((r) => r.projects.get(projectId));
  if (command === undefined) deps.agents.resolve(planner);
  else if (project) await deps.assertCommand(project.path, command);
}

/** Tasks that wait for each other would never start. */
function assertNoCircle(r: Reader, task: SpecTaskRecord, dependsOn: readonly string[]): void {
  const needed = new Set(dependsOn);
  // A set that grows while it is walked.
  for (const id of needed) for (const next of r.specTasks.get(id)?.dependsOn ?? []) needed.add(next);
  if (!needed.has(task.id)) return;
  throw new Failure('INVALID_PARAMS', `${nameOf(task)} would wait for itself; take it out of what it depends on.`, {
    details: { issues: [{ path: ['dependsOn'], message: 'leads back to the task itself' }] },
  });
}
