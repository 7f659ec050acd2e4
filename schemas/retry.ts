// How often and how patiently the daemon tries again, as tables of the configuration: `[retry.store_write]` and its kin.
import { z } from 'zod';
import { key } from './config-key.ts';
import { limits } from './limits.ts';

const live = <S extends z.ZodType>(schema: S, description: string): S => key(schema, description, { reload: 'live' });
const backoff = z.int().min(0).max(limits.retryBackoffMs);

/** A retry that runs keeps the policy it began with; the next one has the new values. */
const policy = (description: string, attempts: number, initialMs: number, multiplier: number, maxMs: number) =>
  z
    .strictObject({
      max_attempts: live(z.int().min(1).max(limits.retryAttempts).default(attempts), 'Calls in all, the first included.'),
      initial_backoff_ms: live(backoff.default(initialMs), 'Wait after the first call that failed.'),
      multiplier: live(z.number().min(1).max(100).default(multiplier), 'How much longer each wait is than the one before.'),
      max_backoff_ms: live(backoff.default(maxMs), 'No wait is longer, whatever the jitter adds.'),
      jitter: live(z.number().min(0).max(1).default(0.5), 'Share by which a wait may be shorter or longer.'),
    })
    .prefault({})
    .describe(description);

export const RetryConfig = z.strictObject({
  default: policy('Whatever has no policy of its own, such as starting the process of a step.', 3, 100, 2, 10_000),
  store_write: policy('Transactions that find the database locked by another process.', 8, 100, 1.5, 5_000),
  store_read: policy('Looks at the database file from outside, such as checks and backups.', 3, 50, 2, 2_000),
  file: policy('Files that others hold for a moment, such as the lock files of git.', 3, 100, 2, 5_000),
  network: policy('Calls that leave this machine.', 5, 1_000, 2, 30_000),
  agent_launch: policy('Starting the process of an agent step; what the agent does is never repeated by this.', 3, 1_000, 2, 16_000),
});
export type RetryConfig = z.output<typeof RetryConfig>;
export type RetryName = keyof RetryConfig;
