import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { type Classification, classify } from './classify.ts';
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

/** A call failed and another one follows. */
export interface RetryStatus {
  /** Of the call that failed, counted from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: unknown;
}

export interface RetryOptions {
  readonly clock: Clock;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
  /** No wait begins that would end later than this after the first call began. */
  readonly budgetMs?: number | undefined;
  readonly classify?: (error: unknown, nowMs: number) => Classification;
  readonly onStatus?: ((status: RetryStatus) => void) | undefined;
}

/**
 * Calls `work` until it succeeds, fails for good, or the attempts or the budget are used up; the last error comes out as it was thrown.
 * An abort ends it before the next call, also amid a wait: CANCELLED, with the last error as its cause. `work` must be a whole: one that
 * can be begun anew, and that holds no lock when it throws.
 */
export async function retry<T>(work: (attempt: number) => Promise<T> | T, policy: RetryPolicy, options: RetryOptions): Promise<T> {
  const { clock, signal } = options;
  const endMs = options.budgetMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + options.budgetMs;
  let mended = false;
  for (let attempt = 1; ; attempt++) {
    if (signal?.aborted) throw cancelled();
    try {
      return await work(attempt);
    } catch (error) {
      const { kind, afterMs } = (options.classify ?? classify)(error, clock.now());
      if (kind === 'cancelled' && signal?.aborted) throw cancelled(error);
      const isRetried = kind === 'transient' || (kind === 'once' && !mended);
      if (!isRetried || attempt >= policy.maxAttempts) throw error;
      mended ||= kind === 'once';
      const delayMs = afterMs === undefined ? backoffMs(policy, attempt, options.random()) : within(0, afterMs, limits.retryHintMs);
      if (clock.now() + delayMs > endMs) throw error;
      options.onStatus?.({ attempt, delayMs, error });
      await sleep(clock, delayMs, signal, error);
    }
  }
}

/** The wait after failed call number `attempt`, in whole milliseconds. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const plain = policy.initialBackoffMs * policy.multiplier ** (attempt - 1);
  return Math.floor(Math.min(policy.maxBackoffMs, plain * (1 + policy.jitter * (2 * random - 1))));
}

/** Rejects with CANCELLED, and `cause` if there is one, as soon as the signal is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal, cause?: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      disarm();
      reject(cancelled(cause));
    };
    const disarm = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}

function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function cancelled(cause?: unknown): Failure {
  return new Failure('CANCELLED', 'The work was cancelled before it could be tried again.', cause === undefined ? {} : { cause });
}
