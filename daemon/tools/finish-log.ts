import type { ExitWatch } from './exit-watch.ts';

/** A terminal that somebody holds with Ctrl-S, or whose log nobody writes any more, tells no end. */
const usuallyMs = 1_000;

/** Waits until the log of a run in a terminal has its last byte. False when that is not known in time; what is left may still come. */
export function finishLog({ exits }: { exits: ExitWatch }, id: string, deadlineMs = usuallyMs): Promise<boolean> {
  return exits.waitLogged(id, AbortSignal.timeout(deadlineMs)).then(
    () => true,
    // Out of time, or the daemon stops.
    () => false,
  );
}
