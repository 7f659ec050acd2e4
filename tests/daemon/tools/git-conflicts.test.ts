import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createGitFixture, type GitFixture } from './git-fixture.ts';

async function branchWith(f: GitFixture, name: string, files: Record<string, string>): Promise<string> {
  await f.test.git('checkout', '-q', '-b', name, 'master');
  const commit = await f.test.commit(name, files);
  await f.test.git('checkout', '-q', 'master');
  return commit;
}

test('conflicts between two commits are found in memory; the repository is as it was', async () => {
  await using f = await createGitFixture();
  const a = await branchWith(f, 'a', { 'readme.txt': 'a\n', 'one.txt': '1\n' });
  const b = await branchWith(f, 'b', { 'readme.txt': 'b\n', 'ü "q".txt': 'x\n' });
  const c = await branchWith(f, 'c', { 'ü "q".txt': 'y\n' });
  const scratchPath = f.test.beside('scratch:1');
  await mkdir(scratchPath);
  const objects = await f.test.git('count-objects', '-v');
  const files = (x: string, y: string) => f.git.conflictingFiles({ repo: f.repo, a: x, b: y, scratchPath });
  expect(await files(a, b)).toEqual(['readme.txt']);
  expect(await files(b, c)).toEqual(['ü "q".txt']);
  expect(await files(a, c)).toEqual([]);
  expect(await f.test.git('count-objects', '-v')).toBe(objects);
});
