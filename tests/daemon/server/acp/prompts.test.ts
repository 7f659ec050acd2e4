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

test('a turn that the agent ended is told when the store knows its end, whichever comes first', async () => {
  const prompts = createPrompts();
  const told: string[] = [];
  const wait = (id: string) => prompts.wait(id).then((how) => void told.push(`${id} ${how}`));
  const all = [wait('one'), wait('two'), wait('three')];
  prompts.finished('one', 'end_turn');
  prompts.settled('two');
  await Promise.resolve();
  expect(told).toEqual([]);
  prompts.settled('one');
  await all[0];
  prompts.finished('two', 'refusal');
  await all[1];
  // Its thread is closed: nothing more is known of it.
  prompts.finished('three', 'cancelled');
  prompts.settleAll();
  await all[2];
  expect(told).toEqual(['one end_turn', 'two refusal', 'three cancelled']);
});

test('the end of a turn that nobody waits for yet is kept, whether or not the store knows it', async () => {
  const prompts = createPrompts();
  prompts.settled('one');
  prompts.finished('one', 'end_turn');
  expect(await prompts.wait('one')).toBe('end_turn');
});
