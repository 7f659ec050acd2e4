// Threads as rows: what whoever has work for an agent writes in its own transaction. The reactor of the instance does the rest.
import type { AgentState } from '../../schemas/agent-state.ts';
import type { AttentionService } from '../attention/service.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Writer } from '../store/store.ts';
import type { InstanceRecord, PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import { isLive } from './machine.ts';
import { type PermissionDeps, withdrawPermissions } from './permissions.ts';
import { enqueuePrompt, failOpenPrompts, type NewPrompt } from './prompts.ts';
import { changeThread, freshThread, instanceSubject, moveInstance, moveThread, threadData, threadSubject } from './transition.ts';

export interface ThreadOf {
  readonly specTaskId: string;
  /** Absent for the thread that plans. */
  readonly workSessionId?: string;
  /** Its session, which waits for the agent. */
  readonly sessionId: string;
  readonly agent: string;
}

export interface Threads {
  /** Idempotent: the thread that there is, opened again when it had ended, or a new one; in the live instance of the task or a new one. */
  ensure(w: Writer, of: ThreadOf): ThreadRecord;
  /** Throws LIMIT_EXCEEDED over limits.promptsQueued. */
  enqueue(w: Writer, prompt: NewPrompt): PromptRecord;
  cancelTurn(w: Writer, threadId: string): void;
  close(w: Writer, threadId: string, to: 'completed' | 'failed', reason: string): void;
  stopInstance(w: Writer, specTaskId: string, reason: string): void;
}

export interface ThreadDeps extends PermissionDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly ids: Ids;
  readonly attention: Pick<AttentionService, 'raise' | 'settleAbout'>;
}

const actor = 'daemon';
const process = { source: 'process' } as const;

export function createThreads(deps: ThreadDeps): Threads {
  const { clock, ids } = deps;
  return {
    ensure: (w, of) => ensureThread(deps, w, of),
    enqueue: (w, prompt) => enqueuePrompt(w, { ids, now: clock.now() }, prompt),
    cancelTurn(w, threadId) {
      const thread = freshThread(w, threadId);
      if (thread.turn === 'idle' || thread.cancelRequestedAt !== undefined) return;
      const now = clock.now();
      w.threads.change(threadId, { cancelRequestedAt: now });
      tellAsked(w, thread, now);
    },
    close(w, threadId, to, reason) {
      const thread = freshThread(w, threadId);
      if (thread.status === 'completed' || thread.status === 'failed') return;
      const now = clock.now();
      failOpenPrompts(w, threadId, `its thread was closed: ${reason}`, now);
      withdrawPermissions(deps, w, threadId, 'its thread was closed', now);
      deps.attention.settleAbout(w, threadId, actor);
      const change = { turn: 'idle', cancelRequestedAt: null, wakeAt: null } as const;
      moveThread(w, threadId, to, { actor, now, reason, evidence: process, change });
    },
    stopInstance(w, specTaskId, reason) {
      const instance = w.instances.liveOf(specTaskId);
      if (!instance || instance.status === 'stopping') return;
      const now = clock.now();
      for (const { id } of w.threads.ofInstance(instance.id)) {
        failOpenPrompts(w, id, `its instance was stopped: ${reason}`, now);
        withdrawPermissions(deps, w, id, 'its instance was stopped', now);
      }
      moveInstance(w, instance.id, 'stopping', { actor, now, reason });
    },
  };
}

/** Told, so that whoever drives the agent looks. */
function tellAsked(w: Writer, thread: ThreadRecord, now: number): void {
  const state: AgentState = { since: isoTime(now), ...thread.agentState, state: 'working', source: 'process', detail: 'its turn is to end' };
  w.threads.change(thread.id, { agentState: state });
  w.events.append({
    ...{ type: 'thread.agentStateChanged', subject: threadSubject(w, thread), actor },
    data: { ...threadData(thread), state },
  });
}

function ensureThread(deps: ThreadDeps, w: Writer, of: ThreadOf): ThreadRecord {
  const now = deps.clock.now();
  const { specTaskId, workSessionId, sessionId, agent } = of;
  const instance = ensureInstance(deps, w, specTaskId);
  const known = workSessionId === undefined ? w.threads.planning(specTaskId) : w.threads.ofWorkSession(workSessionId);
  if (!known) return insertThread(deps, w, of, instance, now);
  // Another agent knows nothing of this one's conversations.
  const place = { instanceId: instance.id, sessionId, agent, ...(known.agent === agent ? {} : { externalId: null }) };
  const isSame = known.instanceId === instance.id && known.sessionId === sessionId && known.agent === agent;
  if (known.status === 'completed' || known.status === 'failed') {
    const change = { ...place, turn: 'idle', wakeAt: null, lastTurnInterrupted: false } as const;
    return moveThread(w, known.id, 'pending', { actor, now, reason: 'its work goes on', evidence: process, change });
  }
  if (isSame) return known;
  return changeThread(w, known.id, { ...place, wakeAt: null }, process, now);
}

function insertThread({ ids }: ThreadDeps, w: Writer, of: ThreadOf, instance: InstanceRecord, now: number): ThreadRecord {
  const thread: ThreadRecord = {
    ...{ id: ids.next('thr'), ...of, instanceId: instance.id, status: 'pending', turn: 'idle', generation: 0 },
    ...{ turns: 0, lastTurnInterrupted: false, createdAt: now, version: 1 },
  };
  w.threads.insert(thread);
  const data = { ...threadData(thread), to: thread.status };
  w.events.append({ type: 'thread.statusChanged', subject: threadSubject(w, thread), actor, data });
  return changeThread(w, thread.id, {}, process, now);
}

/** Throws nothing for a task whose instance is being stopped: that one's successor takes the thread along. */
export function ensureInstance({ ids, clock }: Pick<ThreadDeps, 'ids' | 'clock'>, w: Writer, specTaskId: string): InstanceRecord {
  const live = w.instances.liveOf(specTaskId);
  if (live && isLive(live.status)) return live;
  const task = w.specTasks.get(specTaskId);
  if (!task) throw new Error(`an instance for the spec task "${specTaskId}", which has no row`);
  const instance: InstanceRecord = {
    ...{ id: ids.next('ins'), specTaskId, projectId: task.projectId, adapter: task.adapter, status: 'starting' },
    ...{ restartCount: 0, capabilities: {}, lastEventSeq: 0, createdAt: clock.now(), version: 1 },
  };
  w.instances.insert(instance);
  const data = { instanceId: instance.id, adapter: instance.adapter, to: instance.status };
  w.events.append({ type: 'instance.statusChanged', subject: instanceSubject(instance), actor, data });
  return instance;
}
