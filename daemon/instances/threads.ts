// What others ask of agents: rows only, in their own transaction. The reactor of the instance does what the rows say.
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { InstanceRecord, PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import { hasEnded } from './machine.ts';
import { withdraw } from './permissions.ts';
import { changePrompt, moveInstance, moveThread, setAgentState, tellPrompt } from './transition.ts';

/** Rows only, in the caller's transaction; whoever drives agents does the rest after the commit. */
export interface Threads {
  /** The live instance of a spec task, or a new one. */
  ensureInstance(w: Writer, specTaskId: string): InstanceRecord;
  /** Idempotent: the thread that it has, or a new one, in the task's live instance or a new one. */
  ensure(
    w: Writer,
    of: { readonly specTaskId: string; readonly workSessionId?: string; readonly sessionId: string; readonly agent: string },
  ): ThreadRecord;
  /** Throws LIMIT_EXCEEDED when too many wait. */
  enqueue(
    w: Writer,
    prompt: {
      readonly threadId: string;
      readonly workSessionId?: string;
      readonly content: string;
      readonly interrupt?: boolean;
      readonly origin: string;
      readonly id?: string;
    },
  ): PromptRecord;
  /** Another agent goes on in its place, with a conversation of its own. Throws INVALID_TRANSITION in a turn, or when it has ended. */
  changeAgent(w: Writer, threadId: string, agent: string): void;
  cancelTurn(w: Writer, threadId: string): void;
  /** One that has ended stays as it is. */
  close(w: Writer, threadId: string, to: 'completed' | 'failed', reason: string): void;
  stopInstance(w: Writer, specTaskId: string, reason: string): void;
}

export interface ThreadsDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly attention: AttentionService;
}

export function createThreads({ clock, ids, attention }: ThreadsDeps): Threads {
  const close: Threads['close'] = (w, threadId, to, reason) => {
    const thread = w.threads.get(threadId);
    if (!thread || hasEnded(thread.status)) return;
    for (const prompt of w.prompts.openOf(threadId)) changePrompt(w, prompt, { status: 'failed', failure: reason, settledAt: clock.now() });
    for (const permission of w.permissions.pendingOf(threadId)) withdraw(w, { attention, now: clock.now() }, permission, reason);
    moveThread(w, threadId, { to, reason, change: { turn: 'idle', wakeAt: null, cancelRequestedAt: null } }, clock.now());
    setAgentState(w, threadId, { state: 'exited', source: 'process', detail: reason }, clock.now());
  };
  const liveInstance = (w: Writer, specTaskId: string): InstanceRecord => {
    const there = w.instances.liveOf(specTaskId);
    if (there && there.status !== 'stopping') return there;
    const task = w.specTasks.get(specTaskId);
    if (!task)
      throw new Failure('NOT_FOUND', `There is no spec task "${specTaskId}" any more.`, {
        details: { entity: 'spec task', id: specTaskId },
      });
    // One at a time is live: what is being stopped counts as stopped for whoever needs a new one.
    if (there) {
      for (const { id } of w.threads.ofInstance(there.id)) close(w, id, 'failed', 'its instance was stopped');
      moveInstance(w, there.id, { to: 'stopped' }, clock.now());
    }
    const made: InstanceRecord = {
      ...{ id: ids.next('ins'), specTaskId, projectId: task.projectId, adapter: task.adapter, status: 'starting', restartCount: 0 },
      ...{ capabilities: {}, lastEventSeq: 0, createdAt: clock.now(), version: 1 },
    };
    w.instances.insert(made);
    const data = { instanceId: made.id, adapter: made.adapter, to: made.status };
    w.events.append({ type: 'instance.statusChanged', subject: { projectId: task.projectId, specTaskId }, actor: byDaemon.actor, data });
    return made;
  };
  return {
    ensureInstance: liveInstance,
    ensure(w, { specTaskId, workSessionId, sessionId, agent }) {
      const instance = liveInstance(w, specTaskId);
      const there = workSessionId === undefined ? w.threads.planning(specTaskId) : w.threads.ofWorkSession(workSessionId);
      if (!there) {
        const made: ThreadRecord = {
          ...{ id: ids.next('thr'), specTaskId, sessionId, instanceId: instance.id, agent, status: 'pending', turn: 'idle' },
          ...{ generation: 0, turns: 0, lastTurnInterrupted: false, createdAt: clock.now(), version: 1 },
          ...(workSessionId === undefined ? {} : { workSessionId }),
        };
        w.threads.insert(made);
        setAgentState(w, made.id, { state: 'starting', source: 'process' }, clock.now());
        return w.threads.get(made.id) as ThreadRecord;
      }
      const isOther = there.instanceId !== instance.id || there.agent !== agent;
      // What another agent, or another host's store, calls the conversation means nothing here.
      const change = {
        sessionId,
        instanceId: instance.id,
        agent,
        ...(there.agent === agent ? {} : { externalId: null }),
        wakeAt: null,
        cancelRequestedAt: null,
      };
      if (hasEnded(there.status)) moveThread(w, there.id, { to: 'pending', change: { ...change, turn: 'idle' } }, clock.now());
      else if (isOther || there.sessionId !== sessionId) w.threads.change(there.id, change);
      return w.threads.get(there.id) as ThreadRecord;
    },
    enqueue(w, { threadId, workSessionId, content, interrupt = false, origin, id = ids.next('prm') }) {
      const waiting = w.prompts.openOf(threadId).length;
      if (waiting >= limits.promptsQueued) {
        throw new Failure('LIMIT_EXCEEDED', `${waiting} prompts wait for this agent already; let it take some first.`, {
          details: { limit: limits.promptsQueued, value: waiting + 1 },
        });
      }
      const prompt: PromptRecord = {
        ...{ id, threadId, content, interrupt, status: 'queued', attempts: 0, origin, createdAt: clock.now() },
        ...(workSessionId === undefined ? {} : { workSessionId }),
      };
      w.prompts.insert(prompt);
      tellPrompt(w, prompt);
      return prompt;
    },
    changeAgent(w, threadId, agent) {
      const thread = w.threads.get(threadId);
      if (!thread || thread.agent === agent) return;
      if (hasEnded(thread.status) || thread.turn !== 'idle') {
        const why = hasEnded(thread.status) ? `it is ${thread.status}` : 'its agent is in the middle of a turn; cancel that first';
        throw new Failure('INVALID_TRANSITION', `Thread "${threadId}" takes no other agent: ${why}.`, {
          details: { from: thread.status, to: 'disconnected', allowed: [] },
        });
      }
      const reason = `"${agent}" takes its place`;
      if (thread.status === 'active') moveThread(w, threadId, { to: 'disconnected', reason }, clock.now());
      w.threads.change(threadId, { agent, externalId: null });
      if (thread.workSessionId !== undefined) w.workSessions.change(thread.workSessionId, { agent });
      // An event, so that the reactor looks.
      setAgentState(w, threadId, { state: 'starting', source: 'process', detail: reason }, clock.now());
    },
    cancelTurn(w, threadId) {
      const thread = w.threads.get(threadId);
      if (!thread || thread.turn === 'idle' || thread.cancelRequestedAt !== undefined) return;
      w.threads.change(threadId, { cancelRequestedAt: clock.now() });
      // An event, so that the reactor looks.
      setAgentState(w, threadId, { state: 'working', source: 'protocol', detail: 'its turn is being cancelled' }, clock.now());
    },
    close,
    stopInstance(w, specTaskId, reason) {
      const live = w.instances.liveOf(specTaskId);
      if (live && live.status !== 'stopping') moveInstance(w, live.id, { to: 'stopping', reason }, clock.now());
    },
  };
}
