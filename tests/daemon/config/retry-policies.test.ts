import { expect, test } from 'vitest';
import { loadConfig } from '../../../daemon/config/load.ts';
import { policyOf } from '../../../daemon/kernel/again.ts';
import type { Diagnostic } from '../../../schemas/primitives.ts';

const load = (text: string, env: Record<string, string> = {}) => loadConfig({ env, user: { path: '/c.toml', text } });

async function problemsOf(text: string): Promise<Diagnostic[]> {
  try {
    await load(text);
  } catch (error) {
    return (error as { details: { diagnostics: Diagnostic[] } }).details.diagnostics;
  }
  return [];
}

test('a table of a policy changes what it names and leaves the rest', async () => {
  const { config } = await load('[retry.store_write]\nmax_attempts = 3\njitter = 0\n');
  expect(policyOf(config.retry.store_write)).toEqual({
    maxAttempts: 3,
    initialBackoffMs: 100,
    multiplier: 1.5,
    maxBackoffMs: 5_000,
    jitter: 0,
  });
  expect(config.retry.file.max_attempts).toBe(3);
  expect(config.retry.network).toEqual({ max_attempts: 5, initial_backoff_ms: 1_000, multiplier: 2, max_backoff_ms: 30_000, jitter: 0.5 });
});

test('a variable gives one key of a policy', async () => {
  const { config, warnings } = await load('', { COPPICE_RETRY__STORE_WRITE__MAX_ATTEMPTS: '5' });
  expect(warnings).toEqual([]);
  expect(config.retry.store_write).toMatchObject({ max_attempts: 5, initial_backoff_ms: 100 });
});

test.each([
  ['[retry.store_write]\nmax_attempts = 0\n', 'retry.store_write.max_attempts', 2],
  ['[retry.store_write]\n\nmax_attempts = 21\n', 'retry.store_write.max_attempts', 3],
  ['[retry.file]\njitter = 2\n', 'retry.file.jitter', 2],
  ['[retry.file]\nmultiplier = 0.5\n', 'retry.file.multiplier', 2],
  ['[retry.file]\ninitial_backoff_ms = "long"\n', 'retry.file.initial_backoff_ms', 2],
  ['[retry.file]\nattempts = 2\n', 'retry.file.attempts', 2],
  ['[retry.files]\nmax_attempts = 2\n', 'retry.files', 1],
  ['[artifacts]\narchive_days = 30\npurge_days = 7\n', 'artifacts.purge_days', 3],
  ['[artifacts]\narchive_days = 0\n', 'artifacts.archive_days', 2],
])('%j is refused at its line', async (text, key, line) => {
  expect(await problemsOf(text)).toMatchObject([{ key, line, path: '/c.toml' }]);
});
