// Steps that wait for a condition, are tried again, or may take all of the time there is.
import { expect, test } from 'vitest';
import { rowsOf } from '../helpers/database-rows.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { stepStates } from '../helpers/session-results.ts';
import { startStory } from '../helpers/story.ts';
import { until } from '../helpers/until.ts';

test('one step may use all of a budget of 2400 seconds', async () => {
  await using story = await startStory((signals) => ({
    commands: { long: commandFile('long', { timeout: 2400, steps: [shell(`${signals.tell('runs')}; ${signals.waitFor('gate')}`)] }) },
  }));
  const { repo, home, signals, daemon } = story;
  const { id } = await daemon.start(repo.path, 'long');
  await signals.lines('runs');
  const sql = 'SELECT started_at AS startedAt, deadline_at AS deadlineAt FROM step_runs WHERE session_id = ? AND step_index = 1';
  const [row] = rowsOf(home.databasePath, sql, id) as { startedAt: number; deadlineAt: number }[];
  const wholeMs = (row?.deadlineAt ?? 0) - (row?.startedAt ?? 0);
  expect(wholeMs).toBeGreaterThan(2_370_000);
  expect(wholeMs).toBeLessThanOrEqual(2_400_000);
  signals.open('gate');
  expect((await daemon.ended(id)).status).toBe('succeeded');
});

test('conditions skip steps, and steps that fail are tried again as their policy says', async () => {
  await using story = await startStory((signals) => {
    const flaky = `${signals.tell('tries')}; [ $(wc -l < ${signals.path('tries')}) -ge 3 ] || exit 75`;
    const quick = { initial_backoff_ms: 10, jitter: 0 };
    return {
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
    };
  });
  const { repo, daemon } = story;

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

test('attempts go on counting after kill -9 of the daemon, and a cancel while backing off ends the session at once', async () => {
  await using story = await startStory((signals) => ({
    commands: {
      again: commandFile('again', {
        steps: [
          shell(`${signals.tell('tries')}; exit 9`, { retry: { max_attempts: 3, initial_backoff_ms: 3_000, multiplier: 1, jitter: 0 } }),
        ],
        cleanup_on_failure: [shell(signals.tell('cleaned'))],
      }),
      slow: commandFile('slow', {
        steps: [shell('exit 9', { retry: { initial_backoff_ms: 600_000, max_backoff_ms: 600_000 } })],
        cleanup_on_failure: [shell(signals.tell('cleaned-slow'))],
      }),
    },
  }));
  const { repo, home, signals, daemon } = story;
  const stepOf = async (id: string) => (await daemon.client.session.get({ id })).stepRuns[0];
  const backing = (id: string, attempt: number) =>
    until(`attempt ${attempt} to be waited for`, async () => {
      const step = await stepOf(id);
      return step?.retryAt !== undefined && step.attempt === attempt && step;
    });

  const { id } = await daemon.start(repo.path, 'again');
  const waiting = await backing(id, 2);
  await daemon.kill();
  const kept = rowsOf(home.databasePath, 'SELECT status, attempt, retry_at AS retryAt FROM step_runs WHERE id = ?', waiting.id);
  expect(kept).toEqual([{ status: 'pending', attempt: 2, retryAt: Date.parse(waiting.retryAt as string) }]);
  await daemon.again();
  const ended = await daemon.ended(id);
  expect(ended.stepRuns[0]).toMatchObject({ status: 'failed', attempt: 3, exitCode: 9 });
  expect(ended.stepRuns[0]?.earlierAttempts).toHaveLength(2);
  expect(await signals.lines('tries')).toHaveLength(3);
  expect(await signals.lines('cleaned')).toHaveLength(1);

  const slow = await daemon.start(repo.path, 'slow');
  await backing(slow.id, 2);
  const asked = Date.now();
  await daemon.client.session.cancel({ id: slow.id });
  const cancelled = await daemon.ended(slow.id);
  expect(Date.now() - asked).toBeLessThan(3_000);
  expect(cancelled).toMatchObject({ status: 'cancelled' });
  expect(cancelled.stepRuns[0]).toMatchObject({ status: 'cancelled', attempt: 2 });
  expect(await signals.lines('cleaned-slow')).toHaveLength(1);
});

test('cleanup runs once after kill -9 during a step that hangs, whose timeout still comes', async () => {
  await using story = await startStory((signals) => ({
    commands: {
      hang: commandFile('hang', {
        steps: [shell(`${signals.tell('hangs')}; exec sleep 300`, { timeout: 3 })],
        cleanup_on_failure: [shell(signals.tell('cleaned'))],
        finally_steps: [shell(signals.tell('last'))],
      }),
    },
  }));
  const { repo, signals, daemon } = story;
  const { id } = await daemon.start(repo.path, 'hang');
  await signals.lines('hangs');
  await daemon.kill();
  await daemon.again();
  const ended = await daemon.ended(id);
  expect(ended).toMatchObject({ status: 'failed', reason: 'timeout' });
  expect([await signals.lines('cleaned'), await signals.lines('last')]).toEqual([['cleaned'], ['last']]);
});
