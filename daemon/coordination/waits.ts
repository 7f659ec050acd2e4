// Who waits for whom. A wait is a fact of the rows, so it ends by itself when an answer or an end is written.
import type { Reader } from '../store/store.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { hasEnded } from '../work-sessions/machine.ts';

export interface Wait {
  readonly workSessionId: string;
  readonly waitsFor: string;
}

export interface MessageWait extends Wait {
  readonly messageId: string;
}

/** Blocking messages without an answer, between work sessions that have both not ended. */
export function messageWaits(r: Reader, specTaskId: string): MessageWait[] {
  const isLive = (id: string): boolean => {
    const found = r.workSessions.get(id);
    return found !== undefined && !hasEnded(found.status);
  };
  return r.messages
    .unanswered(specTaskId)
    .filter(({ senderId, recipientId }) => isLive(senderId) && isLive(recipientId))
    .map(({ messageId, senderId, recipientId }) => ({ messageId, workSessionId: senderId, waitsFor: recipientId }));
}

/** All that keeps one from answering another: messages, what must be completed before it begins, and children it waits for. */
export function allWaits(r: Reader, specTaskId: string): Wait[] {
  const workSessions = r.workSessions.ofSpecTask(specTaskId);
  const unfinished = new Map(workSessions.filter(({ status }) => !hasEnded(status)).map((one) => [one.id, one]));
  const ofImplTask = new Map(workSessions.flatMap(({ id, implTaskId }) => (implTaskId === undefined ? [] : [[implTaskId, id] as const])));
  const implTasks = new Map(r.implTasks.ofSpecTask(specTaskId).map((one) => [one.id, one]));
  const dependenciesOf = ({ implTaskId, dependsOn }: WorkSessionRecord): string[] => [
    ...dependsOn,
    ...((implTaskId === undefined ? undefined : implTasks.get(implTaskId))?.dependencies ?? []).flatMap((id) => ofImplTask.get(id) ?? []),
  ];
  const childrenOf = ({ id }: WorkSessionRecord): string[] =>
    workSessions.filter(({ parentId, required }) => parentId === id && required).map((child) => child.id);
  const needsOf = (one: WorkSessionRecord): string[] => {
    if (one.status === 'pending' && one.stage !== 'provisioning') return dependenciesOf(one);
    return one.blockedReason === 'waiting_session' ? childrenOf(one) : [];
  };
  const needs = [...unfinished.values()].flatMap((one) =>
    needsOf(one)
      .filter((id) => unfinished.has(id))
      .map((waitsFor) => ({ workSessionId: one.id, waitsFor })),
  );
  return [...messageWaits(r, specTaskId), ...needs];
}

/** The shortest way from one to another along what they wait for, both ends included. */
export function pathOfWaits(waits: readonly Wait[], from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  // Grows while it is walked.
  for (const at of cameFrom.keys()) {
    if (at === to) return wayBack(cameFrom, at);
    for (const { workSessionId, waitsFor } of waits) {
      if (workSessionId === at && !cameFrom.has(waitsFor)) cameFrom.set(waitsFor, at);
    }
  }
  return undefined;
}

function wayBack(cameFrom: ReadonlyMap<string, string | undefined>, end: string): string[] {
  const path: string[] = [];
  for (let at: string | undefined = end; at !== undefined; at = cameFrom.get(at)) path.unshift(at);
  return path;
}
