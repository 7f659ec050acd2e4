// Every byte, mode, link and index entry of a checkout, to compare before and after.
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRepo } from './repo.ts';

export interface TreePrint {
  readonly files: Readonly<Record<string, string>>;
  readonly status: string;
  readonly index: string;
  readonly head: string;
}

export async function treePrint(repo: TestRepo, path: string): Promise<TreePrint> {
  const files: Record<string, string> = {};
  const walk = async (folder: string): Promise<void> => {
    for (const name of (await readdir(join(path, folder))).sort()) {
      const below = join(folder, name);
      if (below === '.git') continue;
      const about = await lstat(join(path, below));
      if (about.isDirectory()) await walk(below);
      else if (about.isSymbolicLink()) files[below] = `link ${await readlink(join(path, below))}`;
      else files[below] = `${(about.mode & 0o7777).toString(8)} ${sha256(await readFile(join(path, below)))}`;
    }
  };
  await walk('');
  return {
    files,
    status: await repo.gitIn(path, 'status', '--porcelain=v2', '--branch', '--untracked-files=all', '--ignored'),
    index: await repo.gitIn(path, 'ls-files', '--stage', '-v', '--full-name'),
    head: await repo.gitIn(path, 'symbolic-ref', '--quiet', 'HEAD').catch(() => repo.gitIn(path, 'rev-parse', 'HEAD')),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
