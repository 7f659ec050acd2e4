// The prompts that one editor waits for, each until its turn is over. Pure but for the promises.
import type { StopReason } from '@agentclientprotocol/sdk';

export interface Prompts {
  /** Was it sent from here? */
  isOwn(promptId: string): boolean;
  /** Resolves with how its turn ended; its end may be known already. */
  wait(promptId: string): Promise<StopReason>;
  started(promptId: string): void;
  ended(promptId: string, how: StopReason | Error): void;
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
  const ended = (promptId: string, how: StopReason | Error): void => {
    const one = waiting.get(promptId);
    waiting.delete(promptId);
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
