// One change of a spec task's status, as one piece: the row and its event, for use inside a transaction.
import { Failure } from '../../schemas/errors.ts';
import type { SpecTaskStatus } from '../../schemas/spec-task.ts';
import type { Origin } from '../kernel/origin.ts';
import { mayChange } from '../kernel/transitions.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { Change } from '../store/tables/table.ts';
import { hasEnded, specTaskTransitions } from './machine.ts';

export interface MoveOptions {
  readonly origin: Pick<Origin, 'actor'>;
  readonly now: number;
  readonly reason?: string | undefined;
  readonly change?: Change<SpecTaskRecord>;
}

export function specTaskSubject({ id, projectId }: Pick<SpecTaskRecord, 'id' | 'projectId'>) {
  return { projectId, specTaskId: id };
}

export function nameOf({ number, name }: Pick<SpecTaskRecord, 'number' | 'name'>): string {
  return `Spec task #${number} "${name}"`;
}

/** The row as it is in this transaction. */
export function freshSpecTask(r: Reader, id: string): SpecTaskRecord {
  const task = r.specTasks.get(id);
  if (task) return task;
  throw new Failure('NOT_FOUND', `There is no spec task "${id}" any more.`, { details: { entity: 'spec task', id } });
}

/** Throws INVALID_TRANSITION for what the table does not have. The same status again changes nothing and has no event. */
export function moveSpecTask(w: Writer, id: string, to: SpecTaskStatus, { origin, now, reason, change }: MoveOptions): SpecTaskRecord {
  const task = freshSpecTask(w, id);
  if (!mayChange(specTaskTransitions, nameOf(task), task.status, to)) return task;
  w.specTasks.change(id, { ...change, status: to, ...(hasEnded(to) ? { endedAt: now } : {}) });
  const data = { number: task.number, name: task.name, from: task.status, to, ...(reason === undefined ? {} : { reason }) };
  w.events.append({ type: 'specTask.statusChanged', subject: specTaskSubject(task), actor: origin.actor, data });
  return freshSpecTask(w, id);
}

/** Throws CONFLICT when a caller saw another version. */
export function assertVersion(task: SpecTaskRecord, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === task.version) return;
  throw new Failure('CONFLICT', `${nameOf(task)} is of version ${task.version}, not ${ifVersion}; look at it again.`, {
    details: { expected: ifVersion, actual: task.version },
  });
}
