import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describe } from '../../../daemon/artifacts/describe.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

/** On both sides of what is read at once. */
test.each([0, 1, 64 * 1024, 64 * 1024 + 1, 1_000_000])('a file of %i bytes has its size, hash and kind of content', async (bytes) => {
  using dir = createTempDir();
  for (const [name, fill, mime] of [
    ['text', 'a', 'text/plain'],
    ['binary', '\0', bytes === 0 ? 'text/plain' : 'application/octet-stream'],
  ] as const) {
    const content = Buffer.alloc(bytes, fill);
    writeFileSync(dir.at(name), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await describe(dir.path, name)).toEqual({ path: name, kind: 'output', sizeBytes: bytes, sha256, mime });
  }
});

test('a pipe in the place of a file keeps nobody waiting; a folder and what is gone are told as such', async () => {
  using dir = createTempDir();
  execFileSync('mkfifo', [dir.at('pipe')]);
  symlinkSync(dir.path, dir.at('folder'));
  await expect(describe(dir.path, 'pipe')).rejects.toMatchObject({
    kind: 'CONFLICT',
    message: expect.stringContaining('is no file any more'),
  });
  await expect(describe(dir.path, 'folder')).rejects.toMatchObject({ kind: 'CONFLICT' });
  await expect(describe(dir.path, 'gone')).rejects.toMatchObject({ code: 'ENOENT' });
});
