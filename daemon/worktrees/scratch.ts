// Directories beside the worktrees that live as long as one call: for indexes, trial merges and what else must not lie in a checkout.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

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
  return join(root, mergesFolder, id);
}

export function isMergePath(root: string, path: string): boolean {
  return path.startsWith(join(root, mergesFolder, '/'));
}

/** What a daemon that died amid such a call left: scratch directories are gone after this, worktrees of merges are named. */
export async function sweepScratch(root: string): Promise<string[]> {
  const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);
  for (const name of await list(root)) {
    if (name.startsWith(scratchPrefix)) await rm(join(root, name), { recursive: true, force: true });
  }
  return (await list(join(root, mergesFolder))).map((name) => mergePath(root, name));
}
