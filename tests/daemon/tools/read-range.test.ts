import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cutBytes, readRange } from '../../../daemon/tools/read-range.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const text = { encoding: 'utf8', complete: true } as const;

function file(content: string | Uint8Array) {
  const dir = createTempDir();
  writeFileSync(dir.at('f'), content);
  return { path: dir.at('f'), [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test.each([
  ['from the start', 0, 4, { offset: 0, nextOffset: 4, size: 10, data: '0123' }],
  ['from the middle', 5, 3, { offset: 5, nextOffset: 8, size: 10, data: '567' }],
  ['past the end: what there is', 8, 100, { offset: 8, nextOffset: 10, size: 10, data: '89' }],
  ['at the end', 10, 5, { offset: 10, nextOffset: 10, size: 10, data: '' }],
  ['beyond the end', 99, 5, { offset: 10, nextOffset: 10, size: 10, data: '' }],
  ['counted from the end', -3, 100, { offset: 7, nextOffset: 10, size: 10, data: '789' }],
  ['from further back than it is long', -99, 4, { offset: 0, nextOffset: 4, size: 10, data: '0123' }],
])('a range %s', async (_, offset, limit, wanted) => {
  using f = file('0123456789');
  expect(await readRange(f.path, { ...text, offset, limit })).toEqual(wanted);
});

test('no file is no range', async () => {
  expect(await readRange('/nowhere/at/all', { ...text, offset: 0, limit: 1 })).toBeUndefined();
});

test('what stands before the base belongs to somebody else', async () => {
  using f = file('earlier|0123');
  expect(await readRange(f.path, { ...text, offset: 0, limit: 10, base: 8 })).toEqual({ offset: 0, nextOffset: 4, size: 4, data: '0123' });
  expect(await readRange(f.path, { ...text, offset: -2, limit: 10, base: 8 })).toEqual({ offset: 2, nextOffset: 4, size: 4, data: '23' });
  expect(await readRange(f.path, { ...text, offset: 0, limit: 10, base: 99 })).toEqual({ offset: 0, nextOffset: 0, size: 0, data: '' });
});

const mixed = 'aé€😀z';

test.each([4, 5, 6, 7, 64])('read %i bytes at a time, no character is cut and none is lost', async (limit) => {
  using f = file(mixed.repeat(20));
  let all = '';
  let offset = 0;
  for (;;) {
    const range = await readRange(f.path, { encoding: 'utf8', complete: false, offset, limit });
    if (!range || range.nextOffset === range.offset) break;
    expect(range.nextOffset - range.offset).toBe(Buffer.byteLength(range.data));
    all += range.data;
    offset = range.nextOffset;
  }
  expect(all).toBe(mixed.repeat(20));
});

test.each([1, 2, 3])('read %i bytes at a time, fewer than a character may have, the reader still gets to the end', async (limit) => {
  using f = file(mixed);
  const bytes: number[] = [];
  for (let offset = 0; offset < Buffer.byteLength(mixed); ) {
    const range = await readRange(f.path, { encoding: 'utf8', complete: true, offset, limit });
    expect(range?.nextOffset).toBeGreaterThan(offset);
    bytes.push((range?.nextOffset ?? 0) - offset);
    offset = range?.nextOffset ?? 0;
  }
  expect(bytes.reduce((sum, n) => sum + n, 0)).toBe(Buffer.byteLength(mixed));
});

test('the first bytes of a character wait for the rest while the file grows, and are replaced once it is complete', async () => {
  using f = file(Buffer.from('é😀').subarray(0, 4));
  const growing = { encoding: 'utf8', complete: false, limit: 100 } as const;
  expect(await readRange(f.path, { ...growing, offset: 0 })).toMatchObject({ nextOffset: 2, size: 4, data: 'é' });
  expect(await readRange(f.path, { ...growing, offset: 2 })).toMatchObject({ nextOffset: 2, data: '' });
  expect(await readRange(f.path, { ...text, offset: 2, limit: 100 })).toMatchObject({ nextOffset: 4, data: '\ufffd' });
});

test('bytes that are no UTF-8 are replaced in text and kept in base64', async () => {
  const bytes = Buffer.from([0x61, 0xff, 0x00, 0x80, 0x62]);
  using f = file(bytes);
  expect(await readRange(f.path, { ...text, offset: 0, limit: 10 })).toMatchObject({ nextOffset: 5, data: 'a\ufffd\0\ufffdb' });
  const raw = await readRange(f.path, { encoding: 'base64', complete: false, offset: 1, limit: 3 });
  expect(raw).toMatchObject({ offset: 1, nextOffset: 4 });
  expect(Buffer.from(raw?.data ?? '', 'base64')).toEqual(bytes.subarray(1, 4));
});

test.each([
  ['abc', 0],
  ['é', 0],
  ['😀', 0],
])('%s ends with a whole character', (whole, cut) => {
  expect(cutBytes(Buffer.from(whole))).toBe(cut);
});

test('how many bytes begin a character that does not end', () => {
  const cuts = (whole: string): number[] => {
    const bytes = Buffer.from(whole);
    return Array.from({ length: bytes.length + 1 }, (_, length) => cutBytes(bytes.subarray(0, length)));
  };
  expect(cuts('é')).toEqual([0, 1, 0]);
  expect(cuts('€')).toEqual([0, 1, 2, 0]);
  expect(cuts('😀')).toEqual([0, 1, 2, 3, 0]);
  expect(cutBytes(Buffer.from([0x80, 0x80, 0x80, 0x80]))).toBe(0);
});
