import { join } from 'node:path';
import type { FileReader } from '../tools/files.ts';
import type { Git } from '../tools/git/git.ts';
import type { SessionContext } from './context.ts';

export interface VirtualEnvDeps {
  readonly files: Pick<FileReader, 'stat'>;
  readonly git: Pick<Git, 'findRepository'>;
}

/**
 * $VIRTUAL_ENV of whatever runs in a session: that of its worktree, else the client's, unless it belongs to another checkout: what it has
 * installed would be the code of that one.
 */
export async function virtualEnvOf(context: SessionContext, { files, git }: VirtualEnvDeps): Promise<string | undefined> {
  const { worktree, project, secrets } = context;
  const own = worktree && join(worktree.path, '.venv');
  if (own !== undefined && (await files.stat(own)) !== undefined) return own;
  const inherited = secrets.environment.VIRTUAL_ENV;
  if (inherited === undefined) return undefined;
  const holder = await git.findRepository(inherited).catch(() => undefined);
  const here = await git.findRepository(worktree?.path ?? project.path).catch(() => undefined);
  return holder === undefined || holder.worktreePath === here?.worktreePath ? inherited : undefined;
}
