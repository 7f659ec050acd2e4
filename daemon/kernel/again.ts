import type { RetryConfig, RetryName } from '../../schemas/retry.ts';
import type { Clock } from './clock.ts';
import { type RetryOptions, type RetryPolicy, type RetryStatus, retry } from './retry.ts';

/** Runs `work`, which must be a whole that can be begun anew, by the named policy of the configuration. */
export type Again = <T>(
  name: RetryName,
  work: (attempt: number) => Promise<T> | T,
  options?: Pick<RetryOptions, 'signal' | 'budgetMs'>,
) => Promise<T>;

export interface AgainDeps {
  readonly clock: Clock;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
  /** Asked when a piece of work begins: one that is under way keeps what it has. */
  readonly policies: () => RetryConfig;
  readonly onStatus: (name: RetryName, status: RetryStatus) => void;
}

export function createAgain({ clock, random, policies, onStatus }: AgainDeps): Again {
  return (name, work, options) =>
    retry(work, policyOf(policies()[name]), { clock, random, onStatus: (status) => onStatus(name, status), ...options });
}

export function policyOf(table: RetryConfig[RetryName]): RetryPolicy {
  return {
    maxAttempts: table.max_attempts,
    initialBackoffMs: table.initial_backoff_ms,
    multiplier: table.multiplier,
    maxBackoffMs: table.max_backoff_ms,
    jitter: table.jitter,
  };
}
