import { expect, test } from 'vitest';
import { createPrompts } from '../../../../daemon/server/acp/prompts.ts';

test('a prompt is answered when its turn ends, also when that was known before anybody waited', async () => {
  const prompts = createPrompts();
  const waiting = prompts.wait('one');
  prompts.ended('two', 'refusal');
  prompts.ended('one', 'end_turn');
  expect(await waiting).toBe('end_turn');
  expect(await prompts.wait('two')).toBe('refusal');
  expect([prompts.isOwn('one'), prompts.isOwn('two'), prompts.isOwn('three')]).toEqual([true, true, false]);
});

test('a cancel answers what has not begun, and leaves what runs to its turn', async () => {
  const prompts = createPrompts();
  const [running, queued] = [prompts.wait('running'), prompts.wait('queued')];
  prompts.started('running');
  prompts.cancelWaiting();
  expect(await queued).toBe('cancelled');
  expect([prompts.wasCancelled('queued'), prompts.wasCancelled('running')]).toEqual([true, false]);
  prompts.ended('running', 'cancelled');
  expect(await running).toBe('cancelled');
});

test('an agent that dies takes the running turn along and no other', async () => {
  const prompts = createPrompts();
  const [running, queued] = [prompts.wait('running'), prompts.wait('queued')];
  prompts.started('running');
  prompts.runningEnded(new Error('dead'));
  await expect(running).rejects.toThrow('dead');
  prompts.ended('queued', 'end_turn');
  expect(await queued).toBe('end_turn');
});
