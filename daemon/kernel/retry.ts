import { Failure } from '../../schemas/errors.ts';
import type { Clock } from './clock.ts';

/** `maxAttempts` counts all calls, the first included. Delays are in milliseconds; the cap is applied after jitter. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly multiplier: number;
  readonly maxBackoffMs: number;
  /** Share of the delay by which it may be longer or shorter, 0 to 1. */
  readonly jitter: number;
}

export const retryPolicies = {
  storeWrite: { maxAttempts: 8, initialBackoffMs: 100, multiplier: 1.5, maxBackoffMs: 5_000, jitter: 0.5 },
  storeRead: { maxAttempts: 3, initialBackoffMs: 50, multiplier: 2, maxBackoffMs: 2_000, jitter: 0.5 },
  file: { maxAttempts: 3, initialBackoffMs: 100, multiplier: 2, maxBackoffMs: 5_000, jitter: 0.5 },
} as const satisfies Record<string, RetryPolicy>;

export interface RetryOptions {
  readonly clock: Clock;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
  readonly isRetryable: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
  readonly onRetry?: (attempt: number, delayMs: number, error: unknown) => void;
}

/** Calls `work` until it succeeds, fails for good, or the attempts are used up; the last error comes out as it was thrown. */
export async function retry<T>(work: (attempt: number) => Promise<T> | T, policy: RetryPolicy, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(options.signal);
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= policy.maxAttempts || !options.isRetryable(error)) throw error;
      const delayMs = backoffMs(policy, attempt, options.random());
      options.onRetry?.(attempt, delayMs, error);
      await sleep(options.clock, delayMs, options.signal);
    }
  }
}

/** The wait after failed call number `attempt`. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const plain = policy.initialBackoffMs * policy.multiplier ** (attempt - 1);
  return Math.min(policy.maxBackoffMs, plain * (1 + policy.jitter * (2 * random - 1)));
}

export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      disarm();
      reject(cancelled());
    };
    const disarm = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

function cancelled(): Failure {
  return new Failure('CANCELLED', 'The work was cancelled before it could be tried again.');
}
