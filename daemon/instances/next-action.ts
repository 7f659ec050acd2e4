// What a thread needs next, from its rows and what its host was told on this connection. Pure.
import type { PermissionRecord, PromptRecord, ThreadRecord } from '../store/tables/instances.ts';
import { silence } from './agent-state.ts';

export interface ThreadFacts {
  readonly thread: ThreadRecord;
  /** Its host has a process of it. */
  readonly isHosted: boolean;
  /** The prompt of the running turn. */
  readonly current: PromptRecord | undefined;
  /** The one that may leave. */
  readonly next: PromptRecord | undefined;
  /** One waits that ends the running turn. */
  readonly isInterrupted: boolean;
  /** Those that the host waits for. */
  readonly unsettled: readonly PermissionRecord[];
  /** What the host was told on this connection. */
  readonly told: ReadonlySet<string>;
  readonly now: number;
}

export type Action =
  | { readonly do: 'open' | 'close' | 'cancel' | 'kill' | 'resumeLimited' | 'noteSilence' | 'raiseSilence' | 'cancelSilent'; readonly key: string }
  | { readonly do: 'permit'; readonly key: string; readonly permission: PermissionRecord }
  | { readonly do: 'submit' | 'send'; readonly key: string; readonly prompt: PromptRecord }
  | { readonly do: 'wait'; readonly until: number };

/** An agent that goes on for this long after it was told to stop is ended. */
export const cancelPatienceMs = 30_000;
const forever = Number.POSITIVE_INFINITY;
const wait = (until = forever): Action => ({ do: 'wait', until });

/** Forgotten when the opening failed or the process ended. */
export function openKey(threadId: string): string {
  return `open:${threadId}`;
}

export function nextAction(facts: ThreadFacts): Action {
  const { thread, isHosted, told, now } = facts;
  const { id, status, generation, wakeAt = 0 } = thread;
  if (status === 'completed' || status === 'failed') {
    const key = `close:${id}:${generation}`;
    return isHosted && !told.has(key) ? { do: 'close', key } : wait();
  }
  if (status !== 'active') {
    if (wakeAt > now) return wait(wakeAt);
    const key = openKey(id);
    return told.has(key) ? wait() : { do: 'open', key };
  }
  return thread.turn === 'idle' ? whileIdle(facts) : whileRunning(facts);
}

function whileIdle({ thread: { id, wakeAt }, next, now }: ThreadFacts): Action {
  if (wakeAt !== undefined) return wakeAt > now ? wait(wakeAt) : { do: 'resumeLimited', key: `resume:${id}:${wakeAt}` };
  return next === undefined ? wait() : { do: 'submit', key: `submit:${next.id}`, prompt: next };
}

function whileRunning(facts: ThreadFacts): Action {
  const { thread, current, told, unsettled, isInterrupted } = facts;
  const turn = current?.id ?? thread.id;
  const answered = unsettled.find(({ id, status }) => status === 'answered' && !told.has(`permit:${id}`));
  if (answered) return { do: 'permit', key: `permit:${answered.id}`, permission: answered };
  // Submitted before it leaves; a host that has it already does not begin it again.
  if (current?.status === 'submitted' && current.proof === undefined && !told.has(`send:${turn}`))
    return { do: 'send', key: `send:${turn}`, prompt: current };
  if ((thread.cancelRequestedAt !== undefined || isInterrupted) && !told.has(`cancel:${turn}`)) return { do: 'cancel', key: `cancel:${turn}` };
  return whileSilent(facts, turn);
}

function whileSilent({ thread, told, now }: ThreadFacts, turn: string): Action {
  const { cancelRequestedAt, lastActivityAt = now, agentState } = thread;
  if (cancelRequestedAt !== undefined) {
    const until = cancelRequestedAt + cancelPatienceMs;
    const key = `kill:${turn}`;
    if (until > now) return wait(until);
    return told.has(key) ? wait() : { do: 'kill', key };
  }
  // Whoever waits for a human is not silent.
  if (thread.turn === 'requires_action') return wait();
  const [unknownAt, tellAt, cancelAt] = [silence.unknownAfterMs, silence.tellAfterMs, silence.cancelAfterMs].map((ms) => lastActivityAt + ms) as [
    number,
    number,
    number,
  ];
  if (now >= cancelAt) return { do: 'cancelSilent', key: `cancelSilent:${turn}` };
  if (now >= tellAt && !told.has(`silent:${turn}:${lastActivityAt}`)) return { do: 'raiseSilence', key: `silent:${turn}:${lastActivityAt}` };
  if (now >= unknownAt && agentState?.state === 'working') return { do: 'noteSilence', key: `unknown:${turn}` };
  return wait([unknownAt, tellAt, cancelAt].find((at) => at > now));
}
