import { expect, test } from 'vitest';
import { epochFor, formatCursor, parseCursor } from '../../../daemon/events/cursor.ts';
import { Cursor } from '../../../schemas/event.ts';

test('a cursor is read back as it was written, and fits the schema', () => {
  const cursor = formatCursor('abc123def456', 987_654_321);
  expect(parseCursor(cursor)).toEqual({ epoch: 'abc123def456', seq: 987_654_321 });
  expect(Cursor.safeParse(cursor).success).toBe(true);
});

test.each(['', 'abc', 'abc:', ':1', 'ABC:1', 'abc:-1', 'abc:1:2', ' abc:1', 'abc:1\n', `${'a'.repeat(33)}:1`, 'abc:1234567890123456'])(
  '%j is no cursor',
  (text) => {
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ kind: 'INVALID_PARAMS' }));
    expect(Cursor.safeParse(text).success).toBe(false);
  },
);

test.each([
  ['a new database gets a new epoch', {}, 'fresh'],
  ['the same boot of the machine keeps it, also after kill -9', { epoch: 'old', machineBootId: 'm1', cleanStop: '0' }, 'old'],
  ['a clean stop keeps it over a boot of the machine', { epoch: 'old', machineBootId: 'm0', cleanStop: '1' }, 'old'],
  ['a boot of the machine without a clean stop begins a new one', { epoch: 'old', machineBootId: 'm0', cleanStop: '0' }, 'fresh'],
  ['an unknown former boot is another boot', { epoch: 'old' }, 'fresh'],
])('%s', (_, known, wanted) => {
  expect(epochFor(known, 'm1', () => 'fresh')).toBe(wanted);
});
