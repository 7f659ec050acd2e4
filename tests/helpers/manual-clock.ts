// A clock that only moves when a test moves it.
import type { Clock } from '../../daemon/kernel/clock.ts';

export interface ManualClock extends Clock {
  /** Moves on, calling what falls due, in order. */
  advance(ms: number): void;
  /** Moves on and lets promises settle after each timer. */
  advanceAsync(ms: number): Promise<void>;
  /** The wall clock jumps; timers stay. */
  set(ms: number): void;
  /** Timers that are armed now, and how many ever were. */
  readonly armed: number;
  readonly everArmed: number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export function createManualClock(start = Date.UTC(2030, 0, 1)): ManualClock {
  const timers = new Set<Timer>();
  let now = start;
  let everArmed = 0;
  const nextDue = (until: number): Timer | undefined => [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  const fire = (timer: Timer): void => {
    timers.delete(timer);
    now = Math.max(now, timer.at);
    timer.callback();
  };
  return {
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      everArmed += 1;
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = nextDue(until); timer; timer = nextDue(until)) fire(timer);
      now = until;
    },
    async advanceAsync(ms) {
      const until = now + ms;
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        fire(timer);
        await settled();
      }
      now = until;
      await settled();
    },
    set(ms) {
      now = ms;
    },
    get armed() {
      return timers.size;
    },
    get everArmed() {
      return everArmed;
    },
  };
}

/** One turn of the event loop: promises that wait for nothing else are through. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
