import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLeftovers } from '../../../daemon/tools/leftovers.ts';

function createPlace() {
  const dir = mkdtempSync(join(tmpdir(), 'coppice-leftovers-'));
  return { dir, leftovers: createLeftovers({ dir }), [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

test('a session that was watched from its beginning has left nothing when all that ran for it ended alone', () => {
  using place = createPlace();
  const { leftovers } = place;
  leftovers.watch('ses_1');
  expect(leftovers.areNone('ses_1')).toBe(true);
  leftovers.began('ses_1', 'stp_1');
  leftovers.began('ses_1', 'stp_2');
  leftovers.ended('ses_1', 'stp_1', true);
  expect(leftovers.areNone('ses_1')).toBe(false);
  leftovers.ended('ses_1', 'stp_2', true);
  expect(leftovers.areNone('ses_1')).toBe(true);
  leftovers.unwatch('ses_1');
  expect(leftovers.areNone('ses_1')).toBe(false);
  expect(readdirSync(place.dir)).toEqual([]);
});

test('one that left somebody, or that nobody saw from its beginning, may have left something, also for the next daemon', () => {
  using place = createPlace();
  const { leftovers } = place;
  leftovers.watch('ses_1');
  leftovers.began('ses_1', 'stp_1');
  leftovers.ended('ses_1', 'stp_1', false);
  leftovers.began('ses_1', 'stp_2');
  leftovers.ended('ses_1', 'stp_2', true);
  leftovers.began('ses_2', 'stp_3');
  leftovers.ended('ses_2', 'stp_3', true);
  const next = createLeftovers({ dir: place.dir });
  next.resume(['ses_1', 'ses_2'], () => []);
  for (const one of [leftovers, next]) expect(['ses_1', 'ses_2'].map((id) => one.areNone(id))).toEqual([false, false]);
});

test('the next daemon goes on with those that live, and what still runs for them, and drops the rest', () => {
  using place = createPlace();
  for (const id of ['ses_1', 'ses_2', 'ses_3']) place.leftovers.watch(id);
  const next = createLeftovers({ dir: place.dir });
  next.resume(['ses_1', 'ses_2'], (id) => (id === 'ses_2' ? ['stp_2'] : []));
  expect(['ses_1', 'ses_2', 'ses_3'].map((id) => next.areNone(id))).toEqual([true, false, false]);
  next.ended('ses_2', 'stp_2', true);
  expect(next.areNone('ses_2')).toBe(true);
  expect(readdirSync(place.dir)).toEqual(['ses_1.tidy', 'ses_2.tidy']);
});

test('where it can not be written down it is not certain', () => {
  using place = createPlace();
  mkdirSync(join(place.dir, 'ses_1.tidy'));
  place.leftovers.watch('ses_1');
  expect(place.leftovers.areNone('ses_1')).toBe(false);
});
