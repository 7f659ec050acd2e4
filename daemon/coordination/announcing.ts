// What the daemon itself tells work sessions. Never refused: what happened is told whatever stands in the way of others' messages.
import type { Ids } from '../kernel/ids.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { hasEnded } from '../work-sessions/machine.ts';
import { insertMessage } from './sending.ts';

export interface Saying {
  readonly specTaskId: string;
  readonly type: 'completion' | 'spawn';
  /** The work session that it is about. */
  readonly about: string;
  readonly to: readonly string[];
  readonly body: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export function daemonSays(w: Writer, ids: Ids, { specTaskId, type, about, to, body, data }: Saying, now: number): void {
  if (to.length === 0) return;
  const message = { id: ids.next('msg'), specTaskId, type, body, data: { ...data, workSessionId: about }, createdAt: now };
  insertMessage(w, ids, message, [...new Set(to)], byDaemon.actor);
}

/** Tells those whom it concerns that a work session has ended: its parent, who asked it something, and who depends on it. */
export function announceEnd(w: Writer, ids: Ids, workSessionId: string, now: number): void {
  const one = w.workSessions.get(workSessionId);
  if (!one) return;
  const { specTaskId, name, status, branch, summary, mergedCommit } = one;
  daemonSays(
    w,
    ids,
    {
      ...{ specTaskId, type: 'completion', about: workSessionId, to: concerned(w, one) },
      body: `Work session "${name}" is ${status}.${summary === undefined ? '' : ` ${summary}`}`,
      data: { status, branch, ...(mergedCommit === undefined ? {} : { mergedCommit }) },
    },
    now,
  );
}

function concerned(r: Reader, { id, specTaskId, parentId, implTaskId }: WorkSessionRecord): string[] {
  const askers = new Set(r.messages.unanswered(specTaskId).flatMap((wait) => (wait.recipientId === id ? [wait.senderId] : [])));
  const dependents = new Set(
    r.implTasks
      .ofSpecTask(specTaskId)
      .flatMap((item) => (implTaskId !== undefined && item.dependencies.includes(implTaskId) ? [item.id] : [])),
  );
  return r.workSessions
    .ofSpecTask(specTaskId)
    .filter((other) => other.id !== id && !hasEnded(other.status))
    .filter(
      (other) =>
        other.id === parentId ||
        askers.has(other.id) ||
        other.dependsOn.includes(id) ||
        (other.implTaskId !== undefined && dependents.has(other.implTaskId)),
    )
    .map((other) => other.id);
}
