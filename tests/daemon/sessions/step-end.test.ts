import { describe, expect, test } from 'vitest';
import type { CommandStep } from '../../../daemon/commands/definition.ts';
import { concludeStep, nextAttemptAt, type StepEnd } from '../../../daemon/sessions/step-end.ts';
import { idOf, openTestStore, projectRow, sessionRow, stepRow } from '../../helpers/open-store.ts';

const retry = { maxAttempts: 3, initialBackoffMs: 100, multiplier: 2, maxBackoffMs: 1_000, jitter: 0 };
const definition = (over: object = {}) => ({ retry: { ...retry, ...over } }) as unknown as CommandStep;
const end = (over: Partial<StepEnd> = {}): StepEnd => ({
  session: sessionRow(1, { status: 'running' }),
  step: stepRow(1, { status: 'running' }),
  definition: definition(),
  outcome: { status: 'failed', reason: 'exit', exitCode: 7 },
  now: 1_000,
  random: 0.5,
  ...over,
});

describe('whether a step is tried again', () => {
  test.each<[string, Partial<StepEnd>, number | undefined]>([
    ['a first failure', {}, 1_100],
    ['a second one waits longer', { step: stepRow(1, { attempt: 2 }) }, 1_200],
    ['the last attempt', { step: stepRow(1, { attempt: 3 }) }, undefined],
    ['a step without a policy', { definition: {} as CommandStep }, undefined],
    ['success', { outcome: { status: 'succeeded', exitCode: 0 } }, undefined],
    ['what was cancelled', { outcome: { status: 'cancelled', reason: 'cancelled' } }, undefined],
    ['what was lost', { outcome: { status: 'lost', reason: 'lost' } }, undefined],
    ['what cannot start', { outcome: { status: 'failed', reason: 'start' } }, undefined],
    ['a session that is being cancelled', { session: sessionRow(1, { cancelRequestedAt: 5 }) }, undefined],
    ['its cleanup', { session: sessionRow(1, { cancelRequestedAt: 5 }), step: stepRow(1, { phase: 'cleanup' }) }, 1_100],
    ['what would begin after the budget', { session: sessionRow(1, { deadlineAt: 1_100 }) }, undefined],
    ['what begins before its end', { session: sessionRow(1, { deadlineAt: 1_101 }) }, 1_100],
    ['a code that is named', { definition: definition({ on: [7] }) }, 1_100],
    ['another code', { definition: definition({ on: [8, 'timeout', 'signal'] }) }, undefined],
    [
      'a timeout',
      { definition: definition({ on: ['timeout'] }), outcome: { status: 'failed', reason: 'timeout', signal: 'SIGTERM' } },
      1_100,
    ],
    [
      'a timeout, when signals are meant',
      { definition: definition({ on: ['signal'] }), outcome: { status: 'failed', reason: 'timeout', signal: 'SIGTERM' } },
      undefined,
    ],
    ['a signal', { definition: definition({ on: ['signal'] }), outcome: { status: 'failed', reason: 'signal', signal: 'SIGSEGV' } }, 1_100],
    ['the cap', { definition: definition({ initialBackoffMs: 5_000 }) }, 2_000],
    ['jitter', { definition: definition({ jitter: 0.5 }), random: 0 }, 1_050],
  ])('%s', (_, over, at) => {
    expect(nextAttemptAt(end(over))).toBe(at);
  });
});

test('a failed attempt is kept, the row waits for the next one, and an event tells of it; a cancel committed meanwhile ends it', async () => {
  using opened = openTestStore();
  const { store } = opened;
  const id = idOf('stp', 1);
  await store.write((w) => {
    w.projects.insert(projectRow());
    w.sessions.insert(sessionRow(1, { status: 'running' }));
    w.steps.insert(stepRow(1, { status: 'running', startedAt: 900, outputOffset: 10, paneId: '%1', exitCode: 1 }));
    concludeStep(w, end({ outcome: { status: 'failed', reason: 'exit', exitCode: 7, error: 'no', outputSize: 5 } }));
  });
  const row = store.read((r) => r.steps.get(id));
  expect(row).toMatchObject({ status: 'pending', attempt: 2, retryAt: 1_100 });
  for (const cleared of ['startedAt', 'exitCode', 'error', 'paneId']) expect(row).not.toHaveProperty(cleared);
  expect(store.read((r) => r.attempts.ofSession(idOf('ses', 1)))).toEqual([
    {
      stepRunId: id,
      attempt: 1,
      startedAt: 900,
      endedAt: 1_000,
      exitCode: 7,
      reason: 'exit',
      error: 'no',
      outputOffset: 10,
      outputSize: 5,
    },
  ]);
  await store.write((w) => {
    w.sessions.change(idOf('ses', 1), { cancelRequestedAt: 1_050 });
    concludeStep(w, end());
  });
  expect(store.read((r) => r.steps.get(id))).toMatchObject({ status: 'failed', attempt: 2, exitCode: 7 });
  expect(store.read((r) => r.events.page(0, 10).map(({ type }) => type))).toEqual(['retry.scheduled', 'step.finished']);
});
