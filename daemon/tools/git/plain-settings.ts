// Whether a new worktree of a repository is nothing but its files: no hook, no setting and no extension asks for more. Git's own
// files are read for it, and whatever is not certain counts as not plain.
import { dirname, isAbsolute, join } from 'node:path';
import { smallFiles } from '../small-files.ts';
import { isAbsence, kindOf, readText } from './git-files.ts';
import type { Repository } from './repository.ts';
import type { RunGit } from './run-git.ts';

export interface PlainSettings {
  arePlain(repo: Repository): Promise<boolean>;
}

/** They run when `git worktree add` makes a worktree, with words and at moments of their own. */
const hooks = ['post-checkout', 'post-index-change', 'reference-transaction'];
/** Words in a settings file, comments included. A core.worktree moves the main checkout; that of an extension is looked at by itself. */
const unusual = /hookspath|\[\s*hook|sparse|fsmonitor|splitindex|sharedrepository|relativepaths|\bworktree\s*=/i;
/** Of these a worktree takes no note. With the first it gets a copy of config.worktree, where there is one. */
const harmlessExtension = /^(?:worktreeconfig|objectformat|compatobjectformat|partialclone|preciousobjects|noop)\b/i;
// As git itself.
const deepestInclude = 10;

export function createPlainSettings(git: RunGit): PlainSettings {
  const { HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM, GIT_CONFIG_NOSYSTEM, GIT_CONFIG_COUNT } = git.readEnv;
  const hasSystem = !/^(?:1|true|yes|on)$/i.test(GIT_CONFIG_NOSYSTEM ?? '');
  const xdg = XDG_CONFIG_HOME || (HOME && join(HOME, '.config'));
  const standard = [...(xdg ? [join(xdg, 'git', 'config')] : []), ...(HOME ? [join(HOME, '.gitconfig')] : [])];
  const users = GIT_CONFIG_GLOBAL === undefined ? standard : [GIT_CONFIG_GLOBAL];
  // Where it is was decided when git was built.
  let systemFile = GIT_CONFIG_SYSTEM;

  const isPlainFile = async (path: string, depth = 0): Promise<boolean> => {
    const text = await readText(path);
    if (text === undefined) return true;
    if (unusual.test(text) || depth > deepestInclude) return false;
    if (!/\[\s*include/i.test(text)) return true;
    const included = [...text.matchAll(/\bpath\s*=(.*)$/gim)].map(([, value = '']) => placeOf(value, path, HOME));
    const all = await Promise.all(included.map((place) => place !== undefined && isPlainFile(place, depth + 1)));
    return all.every(Boolean);
  };
  const areUsersPlain = async (): Promise<boolean> => {
    if (hasSystem) systemFile ??= await askSystemFile(git);
    if (hasSystem && systemFile === undefined) return false;
    const files = [...users, ...(hasSystem ? [systemFile ?? ''] : [])].filter((path) => path !== '');
    return files.every(isAbsolute) && (await Promise.all(files.map((path) => isPlainFile(path)))).every(Boolean);
  };
  return {
    async arePlain(repo) {
      if (GIT_CONFIG_COUNT !== undefined) return false;
      const checks = [isRepositoryPlain(repo), isPlainFile(join(repo.gitCommonDir, 'config')), areUsersPlain()];
      return (await Promise.all(checks)).every(Boolean);
    },
  };
}

async function isRepositoryPlain({ mainCheckout, gitCommonDir }: Repository): Promise<boolean> {
  const [config, hookNames, own, refs, owners] = await Promise.all([
    readText(join(gitCommonDir, 'config')),
    smallFiles.names(join(gitCommonDir, 'hooks')).catch((error: unknown): string[] => {
      if (isAbsence(error)) return [];
      throw error;
    }),
    // Copied into each new worktree, less some of it.
    kindOf(join(gitCommonDir, 'config.worktree')),
    // A file in a reftable repository.
    kindOf(join(gitCommonDir, 'refs', 'heads')),
    Promise.all([mainCheckout, gitCommonDir].map(async (path) => (await smallFiles.stat(path)).uid)),
  ]);
  const section = [...(config ?? '').matchAll(/^\s*\[\s*extensions\s*\]([^[]*)/gim)].flatMap(([, body = '']) => body.split('\n'));
  const extensions = section.map((line) => line.trim()).filter((line) => line !== '');
  return (
    config !== undefined &&
    extensions.every((line) => harmlessExtension.test(line)) &&
    !hooks.some((name) => hookNames.includes(name)) &&
    own === undefined &&
    refs === 'directory' &&
    // Git looks at the owner of a repository that it is led to; here it is led to what we have just made.
    owners.every((uid) => uid === process.geteuid?.())
  );
}

/** The file that an include names; undefined when it takes more than reading the words. */
function placeOf(value: string, includedBy: string, home: string | undefined): string | undefined {
  const path = value.trim().replace(/^"([^"]*)"$/, '$1');
  if (path === '' || /["\\#;%]/.test(path)) return undefined;
  if (path.startsWith('~/')) return home === undefined ? undefined : join(home, path.slice(2));
  return path.startsWith('~') ? undefined : isAbsolute(path) ? path : join(dirname(includedBy), path);
}

const anyExit = Array.from({ length: 256 }, (_, code) => code);

/** Git opens the file in an "editor" that only tells its name. `git var` knows it too, since 2.41. */
async function askSystemFile(git: RunGit): Promise<string | undefined> {
  const words = ['config', '--system', '--edit'];
  const { stdout, exitCode } = await git.other('git', words, { okExitCodes: anyExit }, { GIT_EDITOR: 'printf %s' });
  return exitCode === 0 ? stdout : undefined;
}
