// Waiting for what must come, instead of sleeping: one deadline for everything, and an error that says what never came.
import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Below the time of a test, so that a wait that fails says so itself. */
export const deadlineMs = 45_000;
const pollMs = 10;

/**
 * Answers the first value of `check` that is neither undefined, null nor false. An error of `check` counts as "not yet". `withinMs`: for
 * what takes long by its nature.
 */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  withinMs = deadlineMs,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) return value as Exclude<T, undefined | null | false>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`, { cause: last });
    await delay(pollMs);
  }
}

/** Resolves when the file is there: the kernel tells it, in the same moment. Its folder must exist. */
export function appears(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (then: () => void): void => {
      clearTimeout(timer);
      watcher.close();
      then();
    };
    const watcher = watch(dirname(path), () => existsSync(path) && end(resolve));
    const timer = setTimeout(() => end(() => reject(new Error(`waited ${deadlineMs} ms for "${path}"`))), deadlineMs);
    if (existsSync(path)) end(resolve);
  });
}
