// Ending a work session, and what of its children ends with it.
import type { OwnParamsOf } from '../../schemas/contract.ts';
import type { WorkSession } from '../../schemas/work-session.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Reader } from '../store/store.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { type ControlDeps, cancelOne, control, refuse } from './control.ts';
import { hasEnded } from './machine.ts';

/** Its pending children end too; with cascade all of them, and theirs. */
export function cancelWorkSession(deps: ControlDeps, params: OwnParamsOf<'workSession.cancel'>, origin: Origin): Promise<WorkSession> {
  return control(deps, params, origin, (w, now) => {
    if (now.status === 'completed') refuse(now, 'cancelled', 'it is over already; reopen it to change what it made.');
    if (now.stage === 'merging') refuse(now, 'cancelled', 'it is being merged at this moment; wait for the end of that.');
    for (const child of childrenToEnd(w, now.id, params.cascade))
      cancelOne(deps, w, child, `Its parent "${now.name}" was cancelled.`, origin);
    cancelOne(deps, w, now, params.reason ?? `Cancelled by ${origin.actor}.`, origin);
  });
}

function childrenToEnd(r: Reader, id: string, cascade: boolean): WorkSessionRecord[] {
  return r.workSessions.children(id).flatMap((child) => {
    const isEnded = hasEnded(child.status) || child.stage === 'merging';
    const ends = !isEnded && (cascade || !hasBegun(r, child));
    return ends || isEnded ? [...childrenToEnd(r, child.id, cascade), ...(ends ? [child] : [])] : [];
  });
}

function hasBegun(r: Reader, { id, status }: WorkSessionRecord): boolean {
  return status !== 'pending' && r.threads.ofWorkSession(id) !== undefined;
}
