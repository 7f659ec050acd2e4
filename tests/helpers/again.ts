// Retries as the daemon makes them, with waits that nobody notices.
import { type Again, createAgain } from '../../daemon/kernel/again.ts';
import { systemClock } from '../../daemon/kernel/clock.ts';
import { RetryConfig, type RetryName } from '../../schemas/retry.ts';

export interface TestAgain {
  readonly again: Again;
  /** The policy of each call that failed and was followed by another. */
  readonly retried: RetryName[];
}

export function createTestAgain(initialMs = 1): TestAgain {
  const retried: RetryName[] = [];
  const names = Object.keys(RetryConfig.shape) as RetryName[];
  const policies = RetryConfig.parse(Object.fromEntries(names.map((name) => [name, { initial_backoff_ms: initialMs, jitter: 0 }])));
  return {
    again: createAgain({ clock: systemClock, random: () => 0.5, policies: () => policies, onStatus: (name) => void retried.push(name) }),
    retried,
  };
}
