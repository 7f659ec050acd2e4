import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readConfigFile } from '../../../daemon/config/config-file.ts';
import { createFileReader } from '../../../daemon/tools/files.ts';
import { limits } from '../../../schemas/limits.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const files = createFileReader();

test('a file is its text, no file is nothing, and a link that leads nowhere too', async () => {
  using dir = createTempDir();
  const path = dir.at('config.toml');
  expect(await readConfigFile(files, path)).toBeUndefined();
  writeFileSync(path, '[sessions]\n');
  expect(await readConfigFile(files, path)).toEqual({ path, text: '[sessions]\n' });
  symlinkSync('gone', dir.at('link'));
  expect(await readConfigFile(files, dir.at('link'))).toBeUndefined();
  expect(await readConfigFile(files, `${path}/deeper`)).toBeUndefined();
});

test.each([
  ['a directory', 'is no file', (path: string) => mkdirSync(path)],
  ['too big', 'has more than the', (path: string) => writeFileSync(path, '#'.repeat(limits.configFileBytes + 1))],
  ['not UTF-8', 'is not UTF-8', (path: string) => writeFileSync(path, Buffer.from([0x23, 0xff, 0xfe]))],
])('what is %s is refused with its path', async (_, message, make) => {
  using dir = createTempDir();
  const path = dir.at('config.toml');
  make(path);
  await expect(readConfigFile(files, path)).rejects.toMatchObject({
    kind: 'CONFIG_INVALID',
    details: { diagnostics: [{ path, message: expect.stringContaining(message) }] },
  });
});
