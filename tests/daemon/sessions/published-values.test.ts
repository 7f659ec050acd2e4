import { existsSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parsePublished, takePublished } from '../../../daemon/sessions/published-values.ts';
import { limits } from '../../../schemas/limits.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

test.each([
  ['pairs', 'a=1\nb = two words \n', { a: '1', b: ' two words ' }],
  ['a value with equals signs', 'url=http://x/?a=b\n', { url: 'http://x/?a=b' }],
  ['an empty value, no last newline', 'a=', { a: '' }],
  ['JSON, several members, any type', '{"a": 1, "b": [true, null], "c": {"d": "e"}}\n', { a: 1, b: [true, null], c: { d: 'e' } }],
  ['both forms mixed, the last one wins', 'a=1\n{"a": 2}\nb=3\n\n', { a: 2, b: '3' }],
  ['lines that end as on Windows', 'a=1\r\n{"b": 2}\r\n', { a: '1', b: 2 }],
  ['nothing', '', {}],
  ['blank lines', '\n  \n', {}],
])('%s', (_, text, values) => {
  expect(parsePublished(text)).toEqual({ values, problems: [] });
});

test('lines that are neither form are told by number and keep nothing else from being taken', () => {
  expect(parsePublished('a=1\njust words\n=no key\n{"broken": \n')).toEqual({
    values: { a: '1' },
    problems: [2, 3, 4].map((line) => `line ${line} is neither key=value nor a JSON object`),
  });
});

test('a value over the bound is left out by name, one at the bound is taken', () => {
  const fits = 'x'.repeat(limits.sharedDataBytes - 2);
  const { values, problems } = parsePublished(`ok=${fits}\nbig=${fits}y\n`);
  expect(Object.keys(values)).toEqual(['ok']);
  expect(problems).toEqual([`the value of "big" has ${limits.sharedDataBytes + 1} bytes, over the limit of ${limits.sharedDataBytes}`]);
});

test('a key is bounded too, and one named like the insides of objects is a key like any other', () => {
  expect(parsePublished(`${'k'.repeat(limits.nameChars + 1)}=1\n{"": 1}`).problems).toHaveLength(2);
  const { values } = parsePublished('__proto__=x\nconstructor=y\n{"__proto__": {"admin": true}}');
  expect(Object.entries(values)).toEqual([
    ['__proto__', { admin: true }],
    ['constructor', 'y'],
  ]);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('the file is taken once: it is gone afterwards, and no file is nothing published', async () => {
  using dir = createTempDir();
  const path = dir.at('stp.out');
  writeFileSync(path, 'a=1\n');
  expect(await takePublished(path)).toEqual({ values: { a: '1' }, problems: [] });
  expect(existsSync(path)).toBe(false);
  expect(await takePublished(path)).toEqual({ values: {}, problems: [] });
});
