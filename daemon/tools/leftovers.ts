// What a session may have left running. Each wrapper is told by the kernel whether anybody is left below it (run-step.pl): a session that this
// daemon saw from its beginning, and whose wrappers all ended alone, has left nothing, and nobody need look at all processes for it.

export interface Leftovers {
  /** A session begins, and nothing of it has run. Of all others nothing is certain. */
  watch(sessionId: string): void;
  began(sessionId: string, runId: string): void;
  ended(sessionId: string, runId: string, alone: boolean): void;
  /** It is over, or something was started for it that no wrapper holds. */
  unwatch(sessionId: string): void;
  /** True: nothing that was started for it lives. False: it has to be looked for. */
  areNone(sessionId: string): boolean;
}

export function createLeftovers(): Leftovers {
  const running = new Map<string, Set<string>>();
  return {
    watch: (sessionId) => void running.set(sessionId, new Set()),
    began: (sessionId, runId) => void running.get(sessionId)?.add(runId),
    ended(sessionId, runId, alone) {
      if (alone) running.get(sessionId)?.delete(runId);
      else running.delete(sessionId);
    },
    unwatch: (sessionId) => void running.delete(sessionId),
    areNone: (sessionId) => running.get(sessionId)?.size === 0,
  };
}
