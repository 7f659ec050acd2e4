import type { Clock } from './clock.ts';

/**
 * What was acquired, in order. Each resource registers its undo as it is acquired; `unwind` runs them in reverse, each under a deadline,
 * and tells what failed. A start that breaks half-way unwinds what it has.
 */
export interface Lifecycle {
  own(name: string, undo: () => Promise<void> | void): void;
  unwind(stepMs: number): Promise<readonly { name: string; error: unknown }[]>;
}

export function createLifecycle(clock: Clock): Lifecycle {
  const owned: { name: string; undo: () => Promise<void> | void }[] = [];
  return {
    own: (name, undo) => void owned.push({ name, undo }),
    async unwind(stepMs) {
      const failures: { name: string; error: unknown }[] = [];
      for (let entry = owned.pop(); entry; entry = owned.pop()) {
        const { name, undo } = entry;
        try {
          await withDeadline(clock, stepMs, `"${name}" did not stop within ${stepMs} ms`, Promise.resolve().then(undo));
        } catch (error) {
          failures.push({ name, error });
        }
      }
      return failures;
    },
  };
}

/** Rejects when `work` takes longer; the work itself is not called off. */
export async function withDeadline<T>(clock: Clock, delayMs: number, message: string, work: Promise<T>): Promise<T> {
  let disarm = (): void => {};
  const late = new Promise<never>((_, reject) => {
    disarm = clock.after(delayMs, () => reject(new Error(message)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    disarm();
  }
}
