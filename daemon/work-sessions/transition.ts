// One change of a work session, as one piece: its row, the status of its implementation task that follows, and their events.
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { BlockedReason, WorkSessionStage, WorkSessionStatus } from '../../schemas/work-session.ts';
import { mayChange } from '../kernel/transitions.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { Change } from '../store/tables/table.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { hasEnded, implTaskStatusOf, workSessionTransitions } from './machine.ts';

export interface Move {
  readonly to: WorkSessionStatus;
  /** Only with pending and active. */
  readonly stage?: WorkSessionStage;
  /** Only with blocked. */
  readonly reason?: BlockedReason;
  /** Why, in a sentence. */
  readonly detail?: string | undefined;
  readonly change?: Change<WorkSessionRecord>;
}

export interface MoveBy {
  readonly actor: string;
  readonly now: number;
}

export function workSessionSubject({ id, projectId, specTaskId, sessionId, worktreeId }: WorkSessionRecord) {
  return {
    ...{ projectId, specTaskId, workSessionId: id },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(worktreeId === undefined ? {} : { worktreeId }),
  };
}

/** The row as it is in this transaction. */
export function freshWorkSession(r: Reader, id: string): WorkSessionRecord {
  const found = r.workSessions.get(id);
  if (found) return found;
  throw new Failure('NOT_FOUND', `There is no work session "${id}" any more.`, { details: { entity: 'work session', id } });
}

/** Throws INVALID_TRANSITION for what the table does not have. The same status, stage and reason again are no change and no event. */
export function moveWorkSession(w: Writer, id: string, move: Move, { actor, now }: MoveBy): WorkSessionRecord {
  const before = freshWorkSession(w, id);
  const { to, stage, reason, detail } = move;
  const isNew = mayChange(workSessionTransitions, `Work session "${before.name}"`, before.status, to);
  if (!isNew && before.stage === stage && before.blockedReason === reason) {
    if (move.change) w.workSessions.change(id, move.change);
    return freshWorkSession(w, id);
  }
  const text = detail?.slice(0, limits.errorMessageChars);
  w.workSessions.change(id, {
    ...move.change,
    ...{ status: to, stage: stage ?? null, blockedReason: reason ?? null, blockedDetail: to === 'blocked' ? (text ?? null) : null },
    ...(to === 'failed' ? { lastError: text ?? null } : {}),
    endedAt: hasEnded(to) ? now : null,
  });
  const after = freshWorkSession(w, id);
  const data = {
    ...{ workSessionId: id, name: after.name, from: before.status, to },
    ...(stage === undefined ? {} : { stage }),
    ...(reason === undefined ? {} : { reason }),
    ...(text === undefined ? {} : { detail: text }),
  };
  w.events.append({ type: 'workSession.statusChanged', subject: workSessionSubject(after), actor, data });
  followImplTask(w, after, actor);
  return after;
}

function followImplTask(w: Writer, workSession: WorkSessionRecord, actor: string): void {
  const task = workSession.implTaskId === undefined ? undefined : w.implTasks.get(workSession.implTaskId);
  const status = implTaskStatusOf(workSession);
  if (!task || task.status === status || task.status === 'obsolete') return;
  w.implTasks.change(task.id, { status });
  const data = { implTaskId: task.id, label: task.label, from: task.status, to: status };
  w.events.append({ type: 'implTask.statusChanged', subject: workSessionSubject(workSession), actor, data });
}

/** Throws CONFLICT when a caller saw another version. */
export function assertVersion(workSession: WorkSessionRecord, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === workSession.version) return;
  throw new Failure('CONFLICT', `Work session "${workSession.name}" is of version ${workSession.version}, not ${ifVersion}; look again.`, {
    details: { expected: ifVersion, actual: workSession.version },
  });
}
