// What a session may have left running. Each wrapper is told by the kernel whether anybody is left below it (run-step.pl): a session that was
// seen from its beginning, and whose wrappers all ended alone, has left nothing, and nobody need look at all processes for it.
//
//   <session>.tidy  in the folder of step files: so far it has left nothing. Gone before anything is recorded that says otherwise, so that
//                   the next daemon is told no more than is true
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Leftovers {
  /** A session begins, and nothing of it has run. Of all others nothing is certain. */
  watch(sessionId: string): void;
  began(sessionId: string, runId: string): void;
  /** Call before its end is recorded. */
  ended(sessionId: string, runId: string, alone: boolean): void;
  /** It is over, or something is about to be started for it that no wrapper holds. */
  unwatch(sessionId: string): void;
  /** True: nothing that was started for it lives. False: it has to be looked for. */
  areNone(sessionId: string): boolean;
  /** For a daemon that starts: goes on with these sessions. `runsOf`: what has begun for one and not ended. */
  resume(sessionIds: readonly string[], runsOf: (sessionId: string) => readonly string[]): void;
}

const suffix = '.tidy';

export function createLeftovers({ dir }: { readonly dir: string }): Leftovers {
  const running = new Map<string, Set<string>>();
  const pathOf = (sessionId: string): string => join(dir, `${sessionId}${suffix}`);
  const unwatch = (sessionId: string): void => {
    if (running.delete(sessionId)) rmSync(pathOf(sessionId), { force: true });
  };
  return {
    watch(sessionId) {
      try {
        writeFileSync(pathOf(sessionId), '', { mode: 0o600 });
      } catch {
        // A full disk: it is looked for, as for any other.
        return;
      }
      running.set(sessionId, new Set());
    },
    began: (sessionId, runId) => void running.get(sessionId)?.add(runId),
    ended(sessionId, runId, alone) {
      if (alone) running.get(sessionId)?.delete(runId);
      else unwatch(sessionId);
    },
    unwatch,
    areNone: (sessionId) => running.get(sessionId)?.size === 0,
    resume(sessionIds, runsOf) {
      const active = new Set(sessionIds);
      for (const name of readdirSync(dir)) {
        if (!name.endsWith(suffix)) continue;
        const sessionId = name.slice(0, -suffix.length);
        if (active.has(sessionId)) running.set(sessionId, new Set(runsOf(sessionId)));
        else rmSync(join(dir, name), { force: true });
      }
    },
  };
}
