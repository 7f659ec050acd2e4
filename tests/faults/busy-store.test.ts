// Somebody else holds the database, or a lock of git: the daemon waits by its policies, and whoever does not write notices nothing.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Client } from '../../client/index.ts';
import { holdWriteLock } from '../helpers/hold-lock.ts';
import { createHome, type RealDaemon, runDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { pingsDuring } from '../helpers/timing.ts';
import { until } from '../helpers/until.ts';

let made = 0;
const write = (client: Client): Promise<unknown> => {
  made += 1;
  return client.auth.createToken({ name: `token ${made}`, scopes: ['read'] });
};

async function configure(daemon: RealDaemon, text: string): Promise<void> {
  const { configVersion } = await daemon.client.daemon.status();
  daemon.home.writeConfig(`[hot_reload]\ndebounce_ms = 100\n${text}`);
  await until('the new configuration', async () => (await daemon.client.daemon.status()).configVersion > configVersion);
}

// Times are of the daemon alone only while nobody else wants the processor: the best of five counts.
test('while another process holds the lock for 1.5 s, every ping is answered within 100 ms and the write succeeds', {
  retry: 4,
}, async () => {
  await using daemon = await startRealDaemon();
  await write(daemon.client);
  await using lock = await holdWriteLock(daemon.home.databasePath, 1_500);
  const written = write(daemon.client);
  const { slowestMs, count, tookMs } = await pingsDuring(daemon.client, written);
  await written;
  await lock.released;
  process.stderr.write(
    `${count} pings while the lock was held, slowest ${slowestMs.toFixed(1)} ms; the write took ${tookMs.toFixed(0)} ms\n`,
  );
  expect(tookMs).toBeGreaterThan(1_000);
  expect(count).toBeGreaterThan(20);
  expect(slowestMs).toBeLessThan(100);
  const { counters } = await daemon.client.daemon.metrics();
  expect(counters['retries.store_write']).toBeGreaterThan(1);
  expect(daemon.home.log()).toContain('"policy":"store_write"');
});

test('an edited [retry.store_write] rules the next retry without a restart', async () => {
  await using daemon = await startRealDaemon({
    config: '[hot_reload]\ndebounce_ms = 100\n[retry.store_write]\nmax_attempts = 2\ninitial_backoff_ms = 10\n',
  });
  const { pid } = daemon;
  {
    await using _ = await holdWriteLock(daemon.home.databasePath, 60_000);
    await expect(write(daemon.client)).rejects.toMatchObject({ kind: 'STORE_BUSY', retryable: true });
  }
  await configure(daemon, '[retry.store_write]\nmax_attempts = 20\ninitial_backoff_ms = 100\nmultiplier = 1\n');
  await using lock = await holdWriteLock(daemon.home.databasePath, 700);
  await write(daemon.client);
  await lock.released;
  const [reloaded] = (await daemon.events({ types: ['config.reloaded'] })).slice(-1);
  expect(reloaded?.data).toMatchObject({
    changedKeys: ['max_attempts', 'initial_backoff_ms', 'multiplier'].map((key) => `retry.store_write.${key}`),
    restartRequired: [],
  });
  expect((await daemon.client.daemon.ping()).pid).toBe(pid);
});

test('a retry that runs keeps the policy it began with, while the next one has the edited one', async () => {
  await using repo = await createTestRepo();
  const policy = (attempts: number): string =>
    `[retry.file]\nmax_attempts = ${attempts}\ninitial_backoff_ms = 200\nmultiplier = 1\njitter = 0\n`;
  await using daemon = await startRealDaemon({ config: `[hot_reload]\ndebounce_ms = 100\n${policy(20)}` });
  const { client } = daemon;
  const project = await client.project.add({ path: repo.path });
  const worktree = await client.worktree.create({ project: project.id, branch: 'topic' });
  const commit = (file: string): Promise<unknown> => {
    writeFileSync(join(worktree.path, file), 'new\n');
    return client.worktree.commit({ worktree: worktree.id, message: `Add ${file}`, all: true });
  };
  const retries = async (): Promise<number> => (await client.daemon.metrics()).counters['retries.file'] ?? 0;
  const lock = join(await repo.gitIn(worktree.path, 'rev-parse', '--absolute-git-dir'), 'index.lock');

  writeFileSync(lock, '');
  const running = commit('a');
  await until('git to be refused', async () => (await retries()) > 0);
  await configure(daemon, policy(1));
  const atEdit = await retries();
  await until('more retries by the old policy', async () => (await retries()) > atEdit + 1);
  rmSync(lock);
  await expect(running).resolves.toMatchObject({ files: 1 });

  const before = await retries();
  writeFileSync(lock, '');
  await expect(commit('b')).rejects.toMatchObject({ kind: 'TOOL_FAILED', retryable: true, details: { lockPath: lock } });
  expect(await retries()).toBe(before);
  expect(existsSync(lock)).toBe(true);
});

test('a start that finds the database held waits by the policy, and ends with STORE_BUSY when it stays held', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home });
  await daemon.stop();
  await using soon = await holdWriteLock(home.databasePath, 800);
  await daemon.again();
  await soon.released;
  await daemon.stop();
  home.writeConfig('[retry.store_write]\nmax_attempts = 2\ninitial_backoff_ms = 10\n');
  await using _ = await holdWriteLock(home.databasePath, 60_000);
  const { exitCode, stderr } = await runDaemon(home);
  expect(exitCode).toBe(11);
  expect(stderr).toContain('Another process holds the database');
});

test('a stop comes to its end while another process holds the database', async () => {
  await using daemon = await startRealDaemon({ config: '[retry.store_write]\nmax_attempts = 3\ninitial_backoff_ms = 10\n' });
  await using lock = await holdWriteLock(daemon.home.databasePath, 60_000);
  expect(await daemon.stop()).toMatchObject({ exitCode: 0, signal: null });
  expect(daemon.home.log()).toContain('the stop could not be recorded');
  await lock.release();
  await daemon.again();
  await write(daemon.client);
});
