// Submodules of a checkout, as its index names them.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gitDirsOf } from './git-files.ts';
import { listBytes, type RunGit } from './run-git.ts';

/** Where each submodule lies, whether it is there or not. */
export async function gitlinks(git: RunGit, checkout: string): Promise<string[]> {
  if (await isSurelyWithout(checkout)) return [];
  const { stdout } = await git.read(checkout, ['ls-files', '--stage', '-z'], { maxOutputBytes: listBytes });
  const links = stdout.split('\0').filter((line) => line.startsWith('160000 '));
  return [...new Set(links.map((line) => line.slice(line.indexOf('\t') + 1)))];
}

// Every entry has its mode as four bytes (gitformat-index(5)); without those of a submodule anywhere, there is none.
const mode = Buffer.from([0x00, 0x00, 0xe0, 0x00]);
// Extensions that keep entries elsewhere: in a shared index, or as whole folders of a sparse one.
const elsewhere = [Buffer.from('link\0'), Buffer.from('sdir\0')];
const mostBytes = 32 * 1024 * 1024;

/** True only when it is certain, and for a fraction of what a git costs that lists every file of a large checkout. */
async function isSurelyWithout(checkout: string): Promise<boolean> {
  const dirs = await gitDirsOf(checkout);
  if (!dirs) return false;
  const path = join(dirs.gitDir, 'index');
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined || size > mostBytes) return false;
  const index = await readFile(path).catch(() => undefined);
  return index !== undefined && ![mode, ...elsewhere].some((bytes) => index.includes(bytes));
}
