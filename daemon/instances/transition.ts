// One change of an instance or a thread, as one piece: the row, what its agent does by that, and the events.
import { Failure } from '../../schemas/errors.ts';
import type { InstanceStatus, ThreadStatus } from '../../schemas/instance.ts';
import { limits } from '../../schemas/limits.ts';
import { mayChange } from '../kernel/transitions.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { Change } from '../store/tables/table.ts';
import { type Evidence, nextState, observe } from './agent-state.ts';
import { instanceTransitions, isLive, threadTransitions } from './machine.ts';

export interface By {
  readonly actor: string;
  readonly now: number;
  readonly reason?: string | undefined;
}

export function instanceSubject({ projectId, specTaskId }: Pick<InstanceRecord, 'projectId' | 'specTaskId'>) {
  return { projectId, specTaskId };
}

export function threadSubject(r: Reader, { specTaskId, workSessionId, sessionId, instanceId }: ThreadRecord) {
  const projectId = r.instances.get(instanceId)?.projectId;
  return {
    ...(projectId === undefined ? {} : { projectId }),
    specTaskId,
    ...(workSessionId === undefined ? {} : { workSessionId }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

export function threadData({ id, workSessionId }: Pick<ThreadRecord, 'id' | 'workSessionId'>) {
  return { threadId: id, ...(workSessionId === undefined ? {} : { workSessionId }) };
}

export function freshInstance(r: Reader, id: string): InstanceRecord {
  const found = r.instances.get(id);
  if (found) return found;
  throw new Failure('NOT_FOUND', `There is no instance "${id}"; "coppice call instance.list" shows them.`, {
    details: { entity: 'instance', id },
  });
}

export function freshThread(r: Reader, id: string): ThreadRecord {
  const found = r.threads.get(id);
  if (found) return found;
  throw new Failure('NOT_FOUND', `There is no thread "${id}"; "coppice call thread.list" shows them.`, {
    details: { entity: 'thread', id },
  });
}

/** Throws INVALID_TRANSITION for what the table does not have. The same status again has no event. */
export function moveInstance(w: Writer, id: string, to: InstanceStatus, by: By, change: Change<InstanceRecord> = {}): InstanceRecord {
  const before = freshInstance(w, id);
  const isNew = mayChange(instanceTransitions, `Instance "${id}"`, before.status, to);
  w.instances.change(id, { ...change, status: to, ...(isLive(to) ? {} : { endedAt: by.now }) });
  const after = freshInstance(w, id);
  if (isNew) {
    const reason = by.reason?.slice(0, limits.errorMessageChars);
    const data = { instanceId: id, adapter: after.adapter, from: before.status, to, ...(reason === undefined ? {} : { reason }) };
    w.events.append({ type: 'instance.statusChanged', subject: instanceSubject(after), actor: by.actor, data });
  }
  return after;
}

export interface ThreadMove extends By {
  readonly evidence: Evidence;
  readonly change?: Change<ThreadRecord>;
}

export function moveThread(w: Writer, id: string, to: ThreadStatus, { actor, now, reason: why, evidence, change = {} }: ThreadMove): ThreadRecord {
  const before = freshThread(w, id);
  const isNew = mayChange(threadTransitions, `Thread "${id}"`, before.status, to);
  const hasEnded = to === 'completed' || to === 'failed';
  const after = changeThread(w, id, { ...change, status: to, endedAt: hasEnded ? now : null }, evidence, now);
  if (isNew) {
    const reason = why?.slice(0, limits.errorMessageChars);
    const data = { ...threadData(after), from: before.status, to, ...(reason === undefined ? {} : { reason }) };
    w.events.append({ type: 'thread.statusChanged', subject: threadSubject(w, after), actor, data });
  }
  return after;
}

/** Any change of a thread goes through here, so that what its agent does is always told with it. */
export function changeThread(w: Writer, id: string, change: Change<ThreadRecord>, evidence: Evidence, now: number): ThreadRecord {
  if (Object.keys(change).length > 0) w.threads.change(id, change);
  const thread = freshThread(w, id);
  const state = nextState(thread.agentState, observe(thread, evidence, now), now);
  if (state === undefined) return thread;
  w.threads.change(id, { agentState: state });
  const after = freshThread(w, id);
  w.events.append({
    ...{ type: 'thread.agentStateChanged', subject: threadSubject(w, after), actor: 'daemon' },
    data: { ...threadData(after), state },
  });
  return after;
}
