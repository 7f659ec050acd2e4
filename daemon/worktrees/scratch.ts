// Directories beside the worktrees that live as long as one call: for indexes, trial merges and what else must not lie in a checkout.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

const scratchPrefix = '.scratch-';
const mergesFolder = '.merges';

export async function withScratch<T>(root: string, work: (path: string) => Promise<T>): Promise<T> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const path = await mkdtemp(join(root, scratchPrefix));
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** Where a merge has its temporary worktree. */
export function mergePath(root: string, id: string): string {
  return join(mergesIn(root), id);
}

export function mergesIn(root: string): string {
  return join(root, mergesFolder);
}

export function isMergePath(root: string, path: string): boolean {
  return path.startsWith(join(mergesIn(root), '/'));
}

/** What a daemon that died amid such a call left. Git's books on merges are the caller's to correct, before this. */
export async function sweepScratch(root: string): Promise<void> {
  const left = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  const scratch = (await left(root)).filter((path) => basename(path).startsWith(scratchPrefix));
  for (const path of [...scratch, ...(await left(mergesIn(root)))]) await rm(path, { recursive: true, force: true });
}
