// Steps that wait for a condition, are tried again, or may take all of the time there is.
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { stepStates } from '../helpers/session-results.ts';
import { until } from '../helpers/until.ts';

test('one step may use all of a budget of 2400 seconds', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: { long: commandFile('long', { timeout: 2400, steps: [shell(`${signals.tell('runs')}; ${signals.waitFor('gate')}`)] }) },
  });
  const { id } = await daemon.start(repo.path, 'long');
  await signals.lines('runs');
  const db = new Database(home.databasePath, { readonly: true });
  const row = db.prepare('SELECT started_at, deadline_at FROM step_runs WHERE session_id = ? AND step_index = 1').get(id) as Record<
    string,
    number
  >;
  db.close();
  expect((row.deadline_at ?? 0) - (row.started_at ?? 0)).toBeGreaterThan(2_395_000);
  expect((row.deadline_at ?? 0) - (row.started_at ?? 0)).toBeLessThanOrEqual(2_400_000);
  signals.open('gate');
  expect((await daemon.ended(id)).status).toBe('succeeded');
});

test('conditions skip steps, and steps that fail are tried again as their policy says', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const flaky = `${signals.tell('tries')}; [ $(wc -l < ${signals.path('tries')}) -ge 3 ] || exit 75`;
  const quick = { initial_backoff_ms: 10, jitter: 0 };
  await using daemon = await startRealDaemon({
    home,
    commands: {
      flow: commandFile('flow', {
        arguments: [{ name: 'deploy', type: 'boolean', default: false }],
        steps: [
          shell(flaky, { id: 'flaky', retry: { max_attempts: 5, on: [75], ...quick } }),
          shell('echo mode=fast >> "$COPPICE_OUTPUT_FILE"; exit 1', { id: 'tolerated', continue_on_error: true }),
          shell('true', { when: "steps.flaky.status == 'succeeded' and data.mode == 'fast'" }),
          shell('true', { when: 'deploy' }),
          shell('true', { when: 'on_success' }),
          shell('exit 3', { retry: { max_attempts: 2, on: [3], ...quick } }),
        ],
        finally_steps: [shell('true', { when: 'on_failure' }), shell('true', { when: 'on_success' })],
      }),
    },
  });

  const ended = await daemon.ended((await daemon.start(repo.path, 'flow')).id);

  expect(stepStates(ended)).toEqual([
    'main succeeded',
    'main failed exit',
    'main succeeded',
    'main skipped when',
    'main skipped when',
    'main failed exit',
    'finally succeeded',
    'finally skipped when',
  ]);
  const [first, , , , , last] = ended.stepRuns;
  expect(first).toMatchObject({
    attempt: 3,
    earlierAttempts: [
      { attempt: 1, exitCode: 75 },
      { attempt: 2, exitCode: 75 },
    ],
  });
  expect(last).toMatchObject({ attempt: 2, exitCode: 3, earlierAttempts: [{ attempt: 1, exitCode: 3 }] });
  const retries = await daemon.events({ types: ['retry.scheduled'] });
  expect(retries.map(({ data }) => data)).toMatchObject([
    { attempt: 1, nextAttempt: 2, delayMs: 10, exitCode: 75 },
    { attempt: 2, nextAttempt: 3, delayMs: 20 },
    { attempt: 1, nextAttempt: 2, exitCode: 3 },
  ]);
});

test('attempts go on counting after kill -9 of the daemon, and a cancel while backing off ends the session at once', {
  timeout: 90_000,
}, async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      again: commandFile('again', {
        steps: [
          shell(`${signals.tell('tries')}; exit 9`, { retry: { max_attempts: 3, initial_backoff_ms: 1500, multiplier: 1, jitter: 0 } }),
        ],
        cleanup_on_failure: [shell(signals.tell('cleaned'))],
      }),
      slow: commandFile('slow', {
        steps: [shell('exit 9', { retry: { initial_backoff_ms: 600_000, max_backoff_ms: 600_000 } })],
        cleanup_on_failure: [shell(signals.tell('cleaned-slow'))],
      }),
    },
  });
  const stepOf = async (id: string) => (await daemon.client.session.get({ id })).stepRuns[0];
  const backing = (id: string, attempt: number) =>
    until(`attempt ${attempt} to be waited for`, async () => {
      const step = await stepOf(id);
      return step?.retryAt !== undefined && step.attempt === attempt && step;
    });

  const { id } = await daemon.start(repo.path, 'again');
  await backing(id, 2);
  await daemon.kill();
  await daemon.again();
  const ended = await daemon.ended(id);
  expect(ended.stepRuns[0]).toMatchObject({ status: 'failed', attempt: 3, exitCode: 9 });
  expect(ended.stepRuns[0]?.earlierAttempts).toHaveLength(2);
  expect(await signals.lines('tries')).toHaveLength(3);
  expect(await signals.lines('cleaned')).toHaveLength(1);

  const slow = await daemon.start(repo.path, 'slow');
  const waiting = await backing(slow.id, 2);
  await daemon.kill();
  await daemon.again();
  // Its time is the one from before, which no restart is slow enough to reach.
  expect(await stepOf(slow.id)).toMatchObject({ status: 'pending', attempt: 2, retryAt: waiting.retryAt });
  const asked = Date.now();
  await daemon.client.session.cancel({ id: slow.id });
  const cancelled = await daemon.ended(slow.id);
  expect(Date.now() - asked).toBeLessThan(3_000);
  expect(cancelled).toMatchObject({ status: 'cancelled' });
  expect(cancelled.stepRuns[0]).toMatchObject({ status: 'cancelled', attempt: 2 });
  expect(await signals.lines('cleaned-slow')).toHaveLength(1);
});

test('cleanup runs once after kill -9 during a step that hangs, whose timeout still comes', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    commands: {
      hang: commandFile('hang', {
        steps: [shell(`${signals.tell('hangs')}; exec sleep 300`, { timeout: 3 })],
        cleanup_on_failure: [shell(signals.tell('cleaned'))],
        finally_steps: [shell(signals.tell('last'))],
      }),
    },
  });
  const { id } = await daemon.start(repo.path, 'hang');
  await signals.lines('hangs');
  await daemon.kill();
  await daemon.again();
  const ended = await daemon.ended(id);
  expect(ended).toMatchObject({ status: 'failed', reason: 'timeout' });
  expect([await signals.lines('cleaned'), await signals.lines('last')]).toEqual([['cleaned'], ['last']]);
});
