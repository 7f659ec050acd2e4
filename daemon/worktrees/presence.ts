// What there is at the path of a worktree. Whoever takes one away must know the three apart.
import { readdir, realpath } from 'node:fs/promises';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import type { Git } from '../tools/git/git.ts';

/** `stray` are files that are no checkout of their own: git cannot tell what would be lost with them. */
export type Presence = 'checkout' | 'stray' | 'gone';

export async function presenceOf(git: Pick<Git, 'findRepository'>, { path }: Pick<WorktreeRecord, 'path'>): Promise<Presence> {
  // The path may lead through a link, the one that git tells never does.
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (real === undefined) return 'gone';
  if ((await git.findRepository(real))?.worktreePath === real) return 'checkout';
  const isEmpty = await readdir(real).then(
    (names) => names.length === 0,
    () => false,
  );
  return isEmpty ? 'gone' : 'stray';
}
