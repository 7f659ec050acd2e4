// What was said of a task, changed later: as far as its state still allows.
import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { Origin } from '../kernel/origin.ts';
import type { AgentRegistry } from '../models/registry.ts';
import { settle } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';
import { present } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { Change } from '../store/tables/table.ts';
import { commandOf } from './creating.ts';
import { hasEnded } from './machine.ts';
import { assertVersion, freshSpecTask, nameOf, specTaskSubject } from './transition.ts';
import { specTaskView } from './view.ts';

export type EditRequest = Omit<OwnParamsOf<'specTask.update'>, 'id' | 'project'>;

export interface EditDeps {
  readonly store: Store;
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  readonly resolveId: (ref: string, projectId: string) => Promise<string>;
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
  if (wanted.planningAgent !== undefined && commandOf(wanted.planningAgent) === undefined) deps.agents.resolve(wanted.planningAgent);
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
    if (dependsOn?.includes(now.id)) throw selfDependency(now);
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

function selfDependency(task: SpecTaskRecord): Failure {
  return new Failure('INVALID_PARAMS', `${nameOf(task)} can not depend on itself.`, {
    details: { issues: [{ path: ['dependsOn'], message: 'names the task itself' }] },
  });
}
