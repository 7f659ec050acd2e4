// Sessions whose work is done by somebody else: their one step waits here until that is told to be over. Nothing is kept: whoever drives
// a session tells its end again after a restart.
import type { Failure } from '../../schemas/errors.ts';

/** undefined: it succeeded. */
export type DrivenEnd = Failure | undefined;

export interface DrivenSessions {
  /** Rejects with the failure that was told, or when the signal aborts. */
  untilEnded(sessionId: string, signal: AbortSignal): Promise<void>;
  tellEnd(sessionId: string, end: DrivenEnd): void;
}

export function createDrivenSessions(): DrivenSessions {
  const told = new Map<string, DrivenEnd>();
  const waiting = new Map<string, (end: DrivenEnd) => void>();
  return {
    untilEnded: (sessionId, signal) =>
      new Promise<void>((resolve, reject) => {
        const settle = (end: DrivenEnd): void => {
          waiting.delete(sessionId);
          told.delete(sessionId);
          if (end) reject(end);
          else resolve();
        };
        if (told.has(sessionId)) return settle(told.get(sessionId));
        waiting.set(sessionId, settle);
        signal.addEventListener('abort', () => waiting.delete(sessionId) && reject(signal.reason), { once: true });
        if (signal.aborted && waiting.delete(sessionId)) reject(signal.reason);
      }),
    tellEnd(sessionId, end) {
      const settle = waiting.get(sessionId);
      if (settle) settle(end);
      else told.set(sessionId, end);
    },
  };
}
