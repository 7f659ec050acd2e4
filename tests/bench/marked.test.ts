import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../helpers/package-root.ts';
import { replaceMarked } from './marked.ts';

const document = 'Prose.\n<!-- a -->\nold\n<!-- /a -->\nMore.\n<!-- b -->\n<!-- /b -->\n';

test('what is between the markers is replaced, and nothing else', () => {
  const once = replaceMarked(document, 'a', '\nnew $& \n');
  expect(once).toBe('Prose.\n<!-- a -->\n\nnew $&\n\n<!-- /a -->\nMore.\n<!-- b -->\n<!-- /b -->\n');
  expect(replaceMarked(once, 'a', 'new $&')).toBe(once);
});

test.each([
  ['no marker', 'Prose.\n'],
  ['no end', '<!-- a -->\n'],
  ['an end above the beginning', '<!-- /a -->\n<!-- a -->\n'],
  ['two of them', `${document}${document}`],
])('a file with %s is refused', (_, text) => {
  expect(() => replaceMarked(text, 'a', 'new')).toThrow('one line "<!-- a -->"');
});

test('BENCHMARKS.md has room for the figures of a full run and for those by size', () => {
  const benchmarks = readFileSync(join(packageRoot, 'BENCHMARKS.md'), 'utf8');
  for (const name of ['full', 'scale']) expect(replaceMarked(benchmarks, name, 'figures')).toContain('figures');
});
