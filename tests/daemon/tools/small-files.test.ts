import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { smallFiles } from '../../../daemon/tools/small-files.ts';
import { until } from '../../helpers/until.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coppice-small-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** Whether the file is there in the turn in which it is written. */
function isAtOnce(path: string): boolean {
  void smallFiles.write(path, 'text');
  return existsSync(path) && readFileSync(path, 'utf8') === 'text';
}

test('a folder is looked at before anything in it is done at once', async () => {
  await smallFiles.write(join(dir, 'first'), 'one');
  expect(await smallFiles.read(join(dir, 'first'))).toBe('one');
  let count = 0;
  await until('writing at once', () => {
    count += 1;
    return isAtOnce(join(dir, `file-${count}`));
  });
  await smallFiles.move(join(dir, 'first'), join(dir, 'second'));
  expect(await smallFiles.read(join(dir, 'second'))).toBe('one');
  expect((await smallFiles.stat(join(dir, 'second'))).size).toBe(3);
  expect(await smallFiles.names(dir)).toContain('second');
  await smallFiles.remove(join(dir, 'second'));
  expect(existsSync(join(dir, 'second'))).toBe(false);

  await smallFiles.makeFolder(join(dir, 'new'));
  expect(isAtOnce(join(dir, 'new', 'file'))).toBe(true);
});

test('what cannot be read rejects alike, near or not', async () => {
  for (let look = 0; look < 3; look += 1) {
    await expect(smallFiles.read(join(dir, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(smallFiles.read(dir)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(smallFiles.target(join(dir, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
    await smallFiles.stat(dir);
  }
});

test('what does not lie near, like files of the kernel, is never read at once', async () => {
  for (let look = 0; look < 3; look += 1) {
    let isDone = false;
    const reading = smallFiles.read('/proc/self/comm').then(() => {
      isDone = true;
    });
    // A read at once has answered after the microtasks of this turn.
    for (let turn = 0; turn < 10; turn += 1) await undefined;
    expect(isDone).toBe(false);
    await reading;
  }
});
