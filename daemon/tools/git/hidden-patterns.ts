import { join } from 'node:path';
import { gitDirsOf, readText } from './git-files.ts';

const heading = '# Put here by coppice from the main checkout:\n';

/** Patterns of what coppice itself took out of the status of a worktree (private-exclude.ts); '' when there is nothing. */
export async function hiddenPatterns(worktreePath: string): Promise<string> {
  const dirs = await gitDirsOf(worktreePath);
  if (!dirs || dirs.gitDir === dirs.commonDir) return '';
  const text = (await readText(join(dirs.gitDir, 'info', 'exclude'))) ?? '';
  const at = text.indexOf(heading);
  return at < 0 ? '' : text.slice(at + heading.length);
}
