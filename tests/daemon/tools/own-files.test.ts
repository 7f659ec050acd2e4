import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readOwnFile, writeOwnFile } from '../../../daemon/tools/own-files.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const uid = process.getuid?.() ?? 0;

test('a file is written whole, for its owner alone, and nothing else is left', () => {
  using dir = createTempDir();
  const umask = process.umask(0);
  try {
    writeOwnFile(dir.at('token'), 'one\n');
    writeOwnFile(dir.at('token'), 'two\n');
  } finally {
    process.umask(umask);
  }
  expect(readOwnFile(dir.at('token'), uid)).toBe('two\n');
  expect(statSync(dir.at('token')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir.path)).toEqual(['token']);
});

test('no file is nothing, a file of others or open to them is refused', () => {
  using dir = createTempDir();
  expect(readOwnFile(dir.at('none'), uid)).toBeUndefined();
  writeFileSync(dir.at('open'), 'x');
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(dir.at('open'), mode);
    expect(() => readOwnFile(dir.at('open'), uid)).toThrow(expect.objectContaining({ kind: 'PRECONDITION' }));
  }
  chmodSync(dir.at('open'), 0o600);
  expect(readOwnFile(dir.at('open'), uid)).toBe('x');
  expect(() => readOwnFile(dir.at('open'), uid + 1)).toThrow(expect.objectContaining({ kind: 'PRECONDITION' }));
});
