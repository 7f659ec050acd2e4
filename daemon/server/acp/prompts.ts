// The prompts that one editor waits for, each until its turn is over. Pure but for the promises.
import type { StopReason } from '@agentclientprotocol/sdk';

export interface Prompts {
  /** Was it sent from here? */
  isOwn(promptId: string): boolean;
  /** Resolves with how its turn ended; its end may be known already. */
  wait(promptId: string): Promise<StopReason>;
  started(promptId: string): void;
  ended(promptId: string, how: StopReason | Error): void;
  /** The agent ended its turn. Who waits is told once the store knows it too: what the editor asks next is answered from there. */
  finished(promptId: string, how: StopReason): void;
  /** The store knows the end of its turn. */
  settled(promptId: string): void;
  /** Of what the agent ended the store will tell no more. */
  settleAll(): void;
  /** An agent that died took the turn along that was running. */
  runningEnded(why: Error): void;
  /** Those whose turn has not begun are answered as cancelled; true when one of them begins later all the same. */
  cancelWaiting(): void;
  wasCancelled(promptId: string): boolean;
}

interface Waiting {
  readonly resolve: (how: StopReason) => void;
  readonly reject: (why: Error) => void;
  isRunning: boolean;
}

/** Ends of turns that came before anybody waited. */
const endsKept = 64;

export function createPrompts(): Prompts {
  const own = new Set<string>();
  const waiting = new Map<string, Waiting>();
  const cancelled = new Set<string>();
  const ends = new Map<string, StopReason | Error>();
  /** Ended by the agent alone, and known to the store alone. */
  const held = new Map<string, StopReason>();
  const known = new Set<string>();
  const ended = (promptId: string, how: StopReason | Error): void => {
    const one = waiting.get(promptId);
    waiting.delete(promptId);
    held.delete(promptId);
    known.delete(promptId);
    if (one === undefined) {
      ends.set(promptId, how);
      const [oldest] = ends.keys();
      if (ends.size > endsKept && oldest !== undefined) ends.delete(oldest);
    } else if (how instanceof Error) one.reject(how);
    else one.resolve(how);
  };
  return {
    isOwn: (promptId) => own.has(promptId),
    wait(promptId) {
      own.add(promptId);
      return new Promise((resolve, reject) => {
        const how = ends.get(promptId);
        waiting.set(promptId, { resolve, reject, isRunning: false });
        if (how !== undefined) ended(promptId, how);
      });
    },
    started(promptId) {
      const one = waiting.get(promptId);
      if (one) one.isRunning = true;
    },
    ended,
    finished(promptId, how) {
      if (waiting.has(promptId) && !known.has(promptId)) held.set(promptId, how);
      else ended(promptId, how);
    },
    settled(promptId) {
      const how = held.get(promptId);
      if (how !== undefined) ended(promptId, how);
      else if (waiting.has(promptId)) known.add(promptId);
    },
    settleAll() {
      for (const [promptId, how] of [...held]) ended(promptId, how);
    },
    runningEnded(why) {
      for (const [promptId, { isRunning }] of [...waiting]) if (isRunning) ended(promptId, why);
    },
    cancelWaiting() {
      for (const [promptId, { isRunning }] of [...waiting]) {
        if (isRunning) continue;
        cancelled.add(promptId);
        ended(promptId, 'cancelled');
      }
    },
    wasCancelled: (promptId) => cancelled.has(promptId),
  };
}
