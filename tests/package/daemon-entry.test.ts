// The program of the daemon as the build leaves it.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../helpers/package-root.ts';

const folder = join(packageRoot, 'dist', 'daemon');
// Who measures coverage has the code compiled anew, and whoever has options of Node in the environment is not plain.
const env = { ...process.env, NODE_V8_COVERAGE: undefined, NODE_OPTIONS: undefined };
const node = (...words: string[]): string => execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8', env });

test('V8 takes what the build has kept of the compiled code, under the flags of a plain Node', () => {
  const look = `
    const { readFileSync } = require('node:fs');
    const script = new (require('node:vm').Script)(readFileSync('main.code.js', 'latin1'), { cachedData: readFileSync('main.code.cache') });
    console.log(script.cachedDataRejected);`;
  expect(node('-e', look)).toBe('false\n');
  // Otherwise the line above says nothing.
  expect(node('--stack-size=900', '-e', look)).toBe('true\n');
});

test('it is also where units that are installed look for it, under the flags that they name', () => {
  const version = node('main.cjs', '--version');
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(node('--max-semi-space-size=8', '--heap-growing-percent=40', 'main.js', '--version')).toBe(version);
});
