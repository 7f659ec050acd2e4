import { expect, test } from 'vitest';
import { createLeftovers } from '../../../daemon/tools/leftovers.ts';

test('a session that was watched from its beginning has left nothing when all that ran for it ended alone', () => {
  const leftovers = createLeftovers();
  leftovers.watch('ses_1');
  expect(leftovers.areNone('ses_1')).toBe(true);
  leftovers.began('ses_1', 'stp_1');
  leftovers.began('ses_1', 'stp_2');
  leftovers.ended('ses_1', 'stp_1', true);
  expect(leftovers.areNone('ses_1')).toBe(false);
  leftovers.ended('ses_1', 'stp_2', true);
  expect(leftovers.areNone('ses_1')).toBe(true);
});

test('one that left somebody, that began before this daemon, or for which something else was started, may have left something', () => {
  const leftovers = createLeftovers();
  leftovers.watch('ses_1');
  leftovers.began('ses_1', 'stp_1');
  leftovers.ended('ses_1', 'stp_1', false);
  leftovers.began('ses_1', 'stp_2');
  leftovers.ended('ses_1', 'stp_2', true);
  expect(leftovers.areNone('ses_1')).toBe(false);
  leftovers.began('ses_2', 'stp_3');
  leftovers.ended('ses_2', 'stp_3', true);
  expect(leftovers.areNone('ses_2')).toBe(false);
  leftovers.watch('ses_3');
  leftovers.unwatch('ses_3');
  expect(leftovers.areNone('ses_3')).toBe(false);
});
