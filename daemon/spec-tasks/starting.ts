// From the backlog on its way: into the queue of the planners, or straight into implementation.
import { Failure } from '../../schemas/errors.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { assertVersion, freshSpecTask, moveSpecTask, nameOf } from './transition.ts';
import { specTaskView } from './view.ts';

export interface StartTaskDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** The one item of a task without a plan, and who carries it out: in the same transaction. */
  readonly implement: (w: Writer, specTaskId: string, origin: Origin) => void;
}

/** Throws PRECONDITION {reason: depends_on} while a spec task that it needs is not done. A task that is queued already stays so. */
export function startSpecTask(
  { store, clock, implement }: StartTaskDeps,
  task: SpecTaskRecord,
  ifVersion: number | undefined,
  origin: Origin,
): Promise<SpecTask> {
  return store.write((w) => {
    const now = freshSpecTask(w, task.id);
    assertVersion(now, ifVersion);
    assertNeedsDone(w, now);
    const to = now.skipPlanning ? 'queued_implementation' : 'queued_spec_generation';
    const change = { startedAt: now.startedAt ?? clock.now() };
    const isNew = now.status !== to;
    moveSpecTask(w, now.id, to, { origin, now: clock.now(), change });
    if (now.skipPlanning && isNew) implement(w, now.id, origin);
    return settle(w, origin.receipt, specTaskView(freshSpecTask(w, now.id)));
  });
}

function assertNeedsDone(r: Reader, task: SpecTaskRecord): void {
  const open = task.dependsOn.flatMap((id) => r.specTasks.get(id) ?? []).filter(({ status }) => status !== 'done');
  if (open.length === 0) return;
  throw new Failure('PRECONDITION', `${nameOf(task)} needs ${open.map(nameOf).join(', ')} to be done first.`, {
    details: { reason: 'depends_on', specTasks: open.map(({ id }) => id) },
  });
}
