// Spare worktrees whose project a former daemon removed before it could take them away.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../store/store.ts';
import type { Git } from '../tools/git/git.ts';
import type { Repository } from '../tools/git/repository.ts';
import { sparePrefix } from '../tools/git/spare.ts';

/** Those below the root that belong to a repository which is no project. */
export async function straySpares(
  { store, git }: { readonly store: Store; readonly git: Pick<Git, 'findRepository'> },
  root: string,
): Promise<{ repo: Repository; path: string }[]> {
  const folders = await readdir(root).catch(() => []);
  const found: { repo: Repository; path: string }[] = [];
  for (const folder of folders) {
    const names = await readdir(join(root, folder)).catch(() => []);
    for (const name of names.filter((each) => each.startsWith(sparePrefix))) {
      const path = join(root, folder, name);
      // A repository that is gone cannot tell what is in it.
      const repo = await git.findRepository(path).catch(() => undefined);
      const isStray = repo?.worktreePath === path && store.read((r) => r.projects.byGitDir(repo.gitCommonDir)) === undefined;
      if (repo && isStray) found.push({ repo, path });
    }
  }
  return found;
}
