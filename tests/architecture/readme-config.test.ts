// The table of the README against the schema: names are copied from there, so they must be right.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config/load.ts';
import { type ConfigKey, nodeAt, variableOf } from '../../schemas/config-tree.ts';
import { packageRoot } from '../helpers/package-root.ts';

const rows = readFileSync(join(packageRoot, 'README.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, key = '', variable = '']) => /^`[a-z_]+\.[a-z_.]+`$/.test(key) && variable.startsWith('`COPPICE_'));

test('the README has a table of configuration keys', () => {
  expect(rows.length).toBeGreaterThan(15);
});

test.each(
  rows.map(([, key = '', variable = '', standard = '', means = '']) => [key.slice(1, -1), variable.slice(1, -1), standard, means] as const),
)('%s is a key, with the variable, default and reload class that stand beside it', (key, variable, standard, means) => {
  const path = key.split('.');
  const node = nodeAt(path) as ConfigKey;
  expect([node?.kind, variable]).toEqual(['key', variableOf(path)]);
  if (standard.startsWith('`')) expect(JSON.stringify(node.schema.parse(undefined))).toBe(standard.slice(1, -1));
  expect(means.includes('¹')).toBe(node.reload === 'restart');
  expect(means.includes('²')).toBe(node.reload === 'pinned');
  expect(means.includes('³')).toBe(node.projectSafe === true);
});

test('the examples of a configuration are valid', async () => {
  const texts = [...readFileSync(join(packageRoot, 'README.md'), 'utf8').matchAll(/```toml\n(.*?)```/gs)].map(([, text = '']) => text);
  const gates: string[] = [];
  for (const text of texts) gates.push(...Object.keys((await loadConfig({ user: { path: 'README.md', text } })).config.quality_gates));
  expect(texts.length).toBeGreaterThan(2);
  expect(gates).toEqual(['audit', 'plan']);
});
