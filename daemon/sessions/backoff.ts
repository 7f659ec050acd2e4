import type { Deadlines } from '../kernel/deadline.ts';

/** Waits until an instant on the daemon's one timer; rejects with the reason of the signal as soon as it is aborted. */
export function waitUntil(deadlines: Deadlines, key: string, atMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      deadlines.clear(key);
      reject(signal.reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    deadlines.set(key, atMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}
