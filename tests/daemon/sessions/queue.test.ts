import { expect, test } from 'vitest';
import { queueOrder } from '../../../daemon/sessions/queue.ts';
import type { QueueRow } from '../../../daemon/store/tables/sessions.ts';

/** `a> a b/2 -`: running in the pool a, then waiting for it, then for b with a limit of 2, then in no pool. The place is the id. */
function order(text: string) {
  const rows = text.split(' ').map((word, index): QueueRow => {
    const [, group = '', running = '', limit = '1'] = /^([a-z-])(>?)(?:\/(\d))?$/.exec(word) ?? [];
    const pool = group === '-' ? {} : { concurrencyGroup: group, concurrencyLimit: Number(limit) };
    return { id: String(index + 1), status: running ? 'running' : 'queued', ...pool };
  });
  const { ready, places } = queueOrder(rows);
  return [ready.join(' '), [...places].map(([id, { position, reason }]) => `${id}:${position}${reason[0]}`).join(' ')];
}

test.each([
  ['-', '1', '1:1c'],
  ['- - -', '1 2 3', '1:1c 2:2c 3:3c'],
  ['a a -', '1 3', '1:1c 2:1p 3:2c'],
  ['a> a a - b', '4 5', '2:1p 3:2p 4:1c 5:2c'],
  ['a/2 a/2 a/2', '1 2', '1:1c 2:2c 3:1p'],
  // Who comes later with a higher limit does not overtake in its own pool.
  ['a> a a/5', '', '2:1p 3:2p'],
  ['a> b> a b -', '5', '3:1p 4:1p 5:1c'],
])('%s: ready are %s', (text, ready, places) => {
  expect(order(text)).toEqual([ready, places]);
});
