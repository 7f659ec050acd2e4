// One change of an instance, a thread or a prompt, as one piece: the row and its event, for use inside a transaction.
import type { AgentState } from '../../schemas/agent-state.ts';
import type { InstanceStatus, ThreadStatus } from '../../schemas/instance.ts';
import { limits } from '../../schemas/limits.ts';
import { isoTime } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import { mayChange } from '../kernel/transitions.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { InstanceRecord, PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { Change } from '../store/tables/table.ts';
import { hasEnded, instanceTransitions, isLive, threadTransitions } from './machine.ts';

const { actor } = byDaemon;

export function threadSubject(r: Reader, { specTaskId, workSessionId, sessionId }: ThreadRecord) {
  const projectId = r.specTasks.get(specTaskId)?.projectId;
  return {
    specTaskId,
    ...(projectId === undefined ? {} : { projectId }),
    ...(workSessionId === undefined ? {} : { workSessionId }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

export interface InstanceMove {
  readonly to: InstanceStatus;
  readonly reason?: string | undefined;
  readonly change?: Change<InstanceRecord>;
}

export function moveInstance(w: Writer, id: string, { to, reason, change }: InstanceMove, now: number): void {
  const before = w.instances.get(id) as InstanceRecord;
  const isNew = mayChange(instanceTransitions, `Instance "${id}"`, before.status, to);
  const ended = isLive(to) ? {} : { endedAt: now };
  w.instances.change(id, {
    ...change,
    ...ended,
    status: to,
    ...(reason === undefined ? {} : { lastError: reason.slice(0, limits.errorMessageChars) }),
  });
  if (!isNew) return;
  const data = {
    instanceId: id,
    adapter: before.adapter,
    from: before.status,
    to,
    ...(reason === undefined ? {} : { reason: reason.slice(0, limits.errorMessageChars) }),
  };
  w.events.append({ type: 'instance.statusChanged', subject: { projectId: before.projectId, specTaskId: before.specTaskId }, actor, data });
}

export interface ThreadMove {
  readonly to: ThreadStatus;
  readonly reason?: string | undefined;
  readonly change?: Change<ThreadRecord>;
}

export function moveThread(w: Writer, id: string, { to, reason, change }: ThreadMove, now: number): void {
  const before = w.threads.get(id) as ThreadRecord;
  const isNew = mayChange(threadTransitions, `Thread "${id}"`, before.status, to);
  w.threads.change(id, { ...change, status: to, endedAt: hasEnded(to) ? now : null });
  if (!isNew) return;
  const data = {
    ...{ threadId: id, from: before.status, to },
    ...(before.workSessionId === undefined ? {} : { workSessionId: before.workSessionId }),
    ...(reason === undefined ? {} : { reason: reason.slice(0, limits.errorMessageChars) }),
  };
  w.events.append({ type: 'thread.statusChanged', subject: threadSubject(w, before), actor, data });
}

export function changePrompt(
  w: Writer,
  prompt: PromptRecord,
  change: Change<PromptRecord> & { readonly status: PromptRecord['status'] },
): void {
  if (prompt.status === change.status) return;
  w.prompts.change(prompt.id, change);
  tellPrompt(w, { ...prompt, ...change } as PromptRecord);
}

export function tellPrompt(w: Writer, { id, threadId, workSessionId, status, proof, failure }: PromptRecord): void {
  const thread = threadId === undefined ? undefined : w.threads.get(threadId);
  const data = {
    ...{ promptId: id, status },
    ...(workSessionId === undefined ? {} : { workSessionId }),
    ...(proof == null ? {} : { proof }),
    ...(failure == null ? {} : { failure }),
  };
  w.events.append({ type: 'prompt.changed', subject: thread ? threadSubject(w, thread) : {}, actor, data });
}

/** The state of an agent and how it is known. The same state again keeps its `since`. */
export function setAgentState(w: Writer, threadId: string, state: Omit<AgentState, 'since'>, now: number): void {
  const thread = w.threads.get(threadId) as ThreadRecord;
  const former = thread.agentState;
  if (former?.state === state.state && former.detail === state.detail && former.wakeAt === state.wakeAt) return;
  const next: AgentState = { ...state, since: isoTime(now) };
  w.threads.change(threadId, { agentState: next });
  const { workSessionId } = thread;
  const data = { threadId, ...(workSessionId === undefined ? {} : { workSessionId }), state: next };
  w.events.append({ type: 'thread.agentStateChanged', subject: threadSubject(w, thread), actor, data });
}
