/** The only source of time. Tests hand in a clock they move by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds with fractions from some beginning, for durations: it never goes back. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; answers how to call it off. Never keeps the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

/** setTimeout fires at once for anything longer. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, longestTimerMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
