import type { Clock } from './clock.ts';

/**
 * All deadlines of the daemon on one timer, so that a thousand waiting sessions cost nothing. A deadline is an instant of the wall
 * clock, which a restart can compare again; once it is set only the time that passes counts, however the wall clock is put.
 */
export interface Deadlines {
  /** Sets or moves the deadline of `key`; `atMs` in the past fires on the next turn. */
  set(key: string, atMs: number, onDue: () => void): void;
  clear(key: string): void;
  readonly size: number;
  close(): void;
}

export function createDeadlines(clock: Clock): Deadlines {
  const due = new Map<string, { dueMs: number; onDue: () => void }>();
  let armedFor = Number.POSITIVE_INFINITY;
  let disarm: (() => void) | undefined;

  const arm = (): void => {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { dueMs } of due.values()) if (dueMs < earliest) earliest = dueMs;
    if (earliest === armedFor) return;
    disarm?.();
    armedFor = earliest;
    disarm = Number.isFinite(earliest) ? clock.after(Math.max(0, Math.ceil(earliest - clock.monotonicMs())), fire) : undefined;
  };
  const fire = (): void => {
    armedFor = Number.POSITIVE_INFINITY;
    disarm = undefined;
    const now = clock.monotonicMs();
    try {
      for (const [key, entry] of [...due]) {
        if (entry.dueMs > now || due.get(key) !== entry) continue;
        due.delete(key);
        entry.onDue();
      }
    } finally {
      arm();
    }
  };
  return {
    set(key, atMs, onDue) {
      due.set(key, { dueMs: clock.monotonicMs() + atMs - clock.now(), onDue });
      arm();
    },
    clear(key) {
      if (due.delete(key)) arm();
    },
    get size() {
      return due.size;
    },
    close() {
      due.clear();
      arm();
    },
  };
}
