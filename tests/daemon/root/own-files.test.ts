import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { watchOwnFiles } from '../../../daemon/root/own-files.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

test('an upgrade is seen when a file was written anew, replaced or taken away, and not before', () => {
  using dir = createTempDir();
  const [about, program] = [dir.at('package.json'), dir.at('main.js')];
  const begin = (): (() => boolean) => {
    writeFileSync(about, '{}');
    writeFileSync(program, 'one');
    return watchOwnFiles(dir.path, program);
  };
  const rewritten = begin();
  expect(rewritten()).toBe(false);
  writeFileSync(program, 'longer');
  expect(rewritten()).toBe(true);

  const replaced = begin();
  writeFileSync(dir.at('next'), '{}');
  renameSync(dir.at('next'), about);
  expect(replaced()).toBe(true);

  const removed = begin();
  rmSync(program);
  expect(removed()).toBe(true);
});
