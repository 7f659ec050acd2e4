import { expect, test } from 'vitest';
import { createMask } from '../../../daemon/kernel/mask.ts';

test('a secret is masked wherever it stands, in values and keys of JSON too', () => {
  const mask = createMask(['canary']);
  expect(mask.text('a canary, canary!')).toBe('a ***, ***!');
  expect(mask.value({ canary: ['x canary', 1, null, { y: 'canary' }], z: true })).toEqual({
    '***': ['x ***', 1, null, { y: '***' }],
    z: true,
  });
});

test('the longer of two secrets goes first, so that no rest of it is left', () => {
  expect(createMask(['canary', 'canary-and-more']).text('canary-and-more canary')).toBe('*** ***');
});

test('each line of a secret that has several is one itself, unless it is in every text', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\r\nab\n-----END KEY-----';
  const mask = createMask([key]);
  expect(mask.text('read MIIEvQIBADANBg from ab')).toBe('read *** from ab');
  expect(mask.text(`<${key}>`)).toBe('<***>');
});

test('what is shorter than a word is left alone, and without secrets nothing is touched', () => {
  expect(createMask(['abc', '']).text('abcabc')).toBe('abcabc');
  const value = { a: 1 };
  expect(createMask([]).value(value)).toBe(value);
});

test('a text that was cut out of a longer one does not begin with the end of a secret', () => {
  const mask = createMask(['canary-one', 'two-canary']);
  expect(mask.cutText('ary-one and canary-one')).toBe('*** and ***');
  expect(mask.cutText('nary, two-canary')).toBe('***, ***');
  expect(mask.cutText('one more')).toBe('*** more');
  expect(mask.cutText('plain text')).toBe('plain text');
  expect(mask.text('ary-one')).toBe('ary-one');
});
