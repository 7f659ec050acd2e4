// Keeps files that the daemon put into a worktree out of its status. Git's own info/exclude is shared by all checkouts of a repository,
// the user's included, so the paths go to a file of this worktree alone.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../schemas/errors.ts';
import { gitDirsOf, readText } from './git-files.ts';
import { listBytes, type RunGit } from './run-git.ts';

/** The paths are relative to the worktree. What git ignores there anyway costs one question and changes nothing. */
export async function hideUntracked(git: RunGit, worktreePath: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const { stdout } = await git.read(worktreePath, ['check-ignore', '-z', '--stdin'], {
    input: paths.map((path) => `${path}\0`).join(''),
    okExitCodes: [0, 1],
    maxOutputBytes: listBytes,
  });
  const ignored = new Set(stdout.split('\0'));
  const shown = paths.filter((path) => !ignored.has(path));
  if (shown.length === 0) return;
  const dirs = await gitDirsOf(worktreePath);
  if (!dirs || dirs.gitDir === dirs.commonDir) throw new Error(`"${worktreePath}" is no linked worktree`);
  await enableOwnConfig(git, worktreePath, dirs.commonDir, shown);
  const file = join(dirs.gitDir, 'info', 'exclude');
  // Ours takes the place of the user's own list, so that goes on first.
  const inherited = await usersExcludes(git, worktreePath);
  await mkdir(join(dirs.gitDir, 'info'), { recursive: true });
  await writeFile(file, `${inherited}# Put here by coppice from the main checkout:\n${shown.map(asPattern).join('')}`);
  await git.write(worktreePath, ['config', '--worktree', 'core.excludesFile', file]);
}

/** Takes a tracked file that the daemon replaced out of the status of this worktree. */
export async function hideChange(git: RunGit, worktreePath: string, path: string): Promise<void> {
  await git.write(worktreePath, ['update-index', '--skip-worktree', '--', path]);
}

async function enableOwnConfig(git: RunGit, worktreePath: string, commonDir: string, shown: readonly string[]): Promise<void> {
  const get = async (...words: readonly string[]): Promise<string> =>
    (await git.read(worktreePath, ['config', ...words], { okExitCodes: [0, 1] })).stdout.trim();
  if ((await get('--type=bool', '--get', 'extensions.worktreeConfig')) === 'true') return;
  const shared = join(commonDir, 'config');
  // With the extension these two would hold for every worktree; who has set them has to move them by hand (git-worktree(1)).
  const isOdd = (await get('--file', shared, '--type=bool', '--get', 'core.bare')) === 'true';
  if (isOdd || (await get('--file', shared, '--get', 'core.worktree')) !== '') {
    const named = shown.slice(0, 3).join('", "');
    throw new Failure(
      'PRECONDITION',
      `"${named}" would show as a change in the new worktree; add it to .gitignore, or enable extensions.worktreeConfig in the repository.`,
      { details: { reason: 'worktree_config', paths: shown.slice(0, 20) } },
    );
  }
  await git.write(worktreePath, ['config', '--file', shared, 'extensions.worktreeConfig', 'true']);
}

async function usersExcludes(git: RunGit, worktreePath: string): Promise<string> {
  const { stdout } = await git.read(worktreePath, ['config', '--type=path', '--get', 'core.excludesFile'], { okExitCodes: [0, 1] });
  const { HOME, XDG_CONFIG_HOME } = git.readEnv;
  const standard = XDG_CONFIG_HOME ? join(XDG_CONFIG_HOME, 'git', 'ignore') : HOME ? join(HOME, '.config', 'git', 'ignore') : '';
  const path = stdout.trimEnd() || standard;
  const text = path === '' ? undefined : await readText(path);
  return text === undefined ? '' : `${text.trimEnd()}\n`;
}

/** A line can not hold a line break: "?" stands for it. */
function asPattern(path: string): string {
  return `/${path
    .replaceAll(/[\\*?[\]]/g, '\\$&')
    .replaceAll('\n', '?')
    .replace(/ +$/, (spaces) => '\\ '.repeat(spaces.length))}\n`;
}
