// SECURITY.md promises a test for each attack; a file that was renamed would leave the promise empty.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../helpers/package-root.ts';

const rows = readFileSync(join(packageRoot, 'SECURITY.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (\*\*|who|attack|-)/.test(line))
  .map((line) => ({
    attack: line.split('|')[1]?.trim() ?? '',
    files: [...line.matchAll(/`(tests\/[^`]+)`/g)].map(([, file = '']) => file),
  }));
const attacks = rows.slice(rows.findIndex(({ files }) => files.length > 0));

test('the table of attacks is there', () => {
  expect(attacks.length).toBeGreaterThan(25);
});

test.each(attacks)('a test covers: $attack', ({ files }) => {
  expect(files).not.toEqual([]);
  expect(files.filter((file) => !file.endsWith('.test.ts') || !existsSync(join(packageRoot, file)))).toEqual([]);
});
