// How turns end, and what is known then of the prompt that began them.
import { limits } from '../../schemas/limits.ts';
import type { HostEventData } from '../agents/host/protocol.ts';
import { isoTime } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import type { ApplyDeps } from './host-events.ts';
import { withdraw } from './permissions.ts';
import { changePrompt, setAgentState, threadSubject } from './transition.ts';

/** An agent whose limit has no end that it told is asked again after this. */
const unknownLimitMs = 15 * 60_000;
const { actor } = byDaemon;

/** What the agent does after a prompt proves that it has it. */
export function proven(w: Writer, thread: ThreadRecord, proof: string, now: number): void {
  for (const prompt of w.prompts.openOf(thread.id)) {
    if (prompt.status === 'submitted') changePrompt(w, prompt, { status: 'accepted', proof, settledAt: now });
  }
}

export function turnFinished(
  deps: ApplyDeps,
  w: Writer,
  thread: ThreadRecord,
  { promptId, stopReason }: HostEventData<'turn.finished'>,
): void {
  const now = deps.clock.now();
  proven(w, thread, `the agent ended its turn (${stopReason})`, now);
  endTurn(w, deps, thread, { promptId, stopReason, interrupted: false });
  setAgentState(w, thread.id, { state: 'idle', source: 'protocol', detail: stopReason }, now);
  // A turn that came to its end gives the restarts back.
  w.instances.change(thread.instanceId, { restartCount: 0 });
}

/** Its agent went away over it. */
export function interruptTurn(deps: ApplyDeps, w: Writer, thread: ThreadRecord, reason: string): void {
  if (thread.turn === 'idle') return;
  const sent = w.prompts.openOf(thread.id).find(({ status }) => status === 'submitted');
  if (sent) changePrompt(w, sent, { status: 'failed', failure: reason, settledAt: deps.clock.now() });
  endTurn(w, deps, thread, { ...(sent === undefined ? {} : { promptId: sent.id }), stopReason: 'interrupted', interrupted: true });
}

export function turnFailed(
  deps: ApplyDeps,
  w: Writer,
  thread: ThreadRecord,
  { promptId, code, message, wakeAt }: HostEventData<'turn.failed'>,
): void {
  const now = deps.clock.now();
  const prompt = w.prompts.get(promptId);
  if (code === 'rate_limited') {
    const at = wakeAt ?? now + unknownLimitMs;
    proven(w, thread, 'the agent answered with its limit', now);
    w.threads.change(thread.id, { turn: 'idle', wakeAt: at, cancelRequestedAt: null });
    setAgentState(w, thread.id, { state: 'rate_limited', source: 'protocol', detail: message.slice(0, 500), wakeAt: isoTime(at) }, now);
    // Whatever waits wakes it as well.
    if (w.prompts.openOf(thread.id).length >= limits.promptsQueued) return;
    const content = 'Your usage limit is over. Look at what is done already, and go on from there.';
    deps.threads.enqueue(w, {
      threadId: thread.id,
      content,
      origin: actor,
      ...(thread.workSessionId === undefined ? {} : { workSessionId: thread.workSessionId }),
    });
    return;
  }
  // Nothing shows that the agent has it, and nothing may show that it has it twice: a human looks.
  if (code === 'timeout') {
    notProven(deps, w, thread, prompt, message);
    return;
  }
  if (prompt?.status === 'submitted') {
    // The turn had begun; what became of the prompt in it nobody can tell.
    changePrompt(w, prompt, { status: 'accepted', proof: 'its turn had begun', settledAt: now });
  }
  endTurn(w, deps, thread, { promptId, stopReason: message, interrupted: code === 'exited' });
  if (code === 'exited') return;
  if (code === 'auth_required') {
    deps.attention.raise(w, {
      ...{
        kind: 'login_required',
        refId: thread.id,
        title: `The agent "${thread.agent}" asks for a login`,
        detail: message,
        specTaskId: thread.specTaskId,
      },
    });
  }
  deps.threads.close(w, thread.id, 'failed', message);
}

function endTurn(
  w: Writer,
  deps: ApplyDeps,
  thread: ThreadRecord,
  how: { promptId?: string; stopReason: string; interrupted: boolean },
): void {
  const now = deps.clock.now();
  const { promptId, stopReason, interrupted } = how;
  for (const permission of w.permissions.pendingOf(thread.id))
    withdraw(w, { attention: deps.attention, now }, permission, 'its turn ended');
  deps.attention.settleAbout(w, thread.id, actor, 'silent');
  const turns = thread.turns + 1;
  w.threads.change(thread.id, {
    ...{
      turn: 'idle',
      turns,
      lastStopReason: stopReason.slice(0, 1_000),
      lastTurnInterrupted: interrupted,
      lastActivityAt: now,
      cancelRequestedAt: null,
    },
  });
  const data = {
    threadId: thread.id,
    ...(promptId === undefined ? {} : { promptId }),
    stopReason: stopReason.slice(0, 1_000),
    interrupted,
    ...(thread.workSessionId === undefined ? {} : { workSessionId: thread.workSessionId }),
  };
  w.events.append({ type: 'thread.turnFinished', subject: threadSubject(w, thread), actor, data });
}

function notProven(deps: ApplyDeps, w: Writer, thread: ThreadRecord, prompt: PromptRecord | undefined, why: string): void {
  if (prompt?.status === 'submitted') changePrompt(w, prompt, { status: 'failed', failure: why, settledAt: deps.clock.now() });
  deps.attention.raise(w, {
    ...{ kind: 'silent', refId: thread.id, title: 'A prompt may not have reached its agent', detail: why, specTaskId: thread.specTaskId },
    ...(thread.workSessionId === undefined
      ? {}
      : { workSessionId: thread.workSessionId, remedy: `coppice work attach ${thread.workSessionId}` }),
  });
}
