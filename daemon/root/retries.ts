// The retry policies in force. They are wanted before there is a store, and so before the configuration can be reloaded.
import type { RetryName } from '../../schemas/retry.ts';
import type { ConfigService } from '../config/service.ts';
import { type Again, createAgain, policyOf } from '../kernel/again.ts';
import type { RetryPolicy, RetryStatus } from '../kernel/retry.ts';
import type { Metrics } from '../metrics/service.ts';
import type { DaemonOptions } from './options.ts';

export interface Retries {
  readonly again: Again;
  policy(name: RetryName): RetryPolicy;
  /** Tells of a retry that `again` has no part in. */
  note(name: RetryName, status: RetryStatus): void;
  /** Takes the policies from the configuration as it changes. Answers how to end that. */
  follow(config: Pick<ConfigService, 'onChange'>): () => void;
}

export function createRetries({ clock, random, config, log: { log } }: DaemonOptions, metrics: Pick<Metrics, 'count'>): Retries {
  let current = config.loaded.config.retry;
  const note = (name: RetryName, { attempt, delayMs, error }: RetryStatus): void => {
    metrics.count('retries', name);
    log.info({ policy: name, attempt, delayMs, err: error }, 'a call failed and is tried again');
  };
  return {
    note,
    again: createAgain({ clock, random, policies: () => current, onStatus: note }),
    policy: (name) => policyOf(current[name]),
    follow: (service) =>
      service.onChange((next) => {
        current = next.retry;
      }),
  };
}
