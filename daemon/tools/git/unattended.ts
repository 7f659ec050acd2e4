// Commits that the daemon makes by itself, while nobody looks: they must not wait for a passphrase, nor fail for want of a name.
import type { RunGit } from './run-git.ts';

type Setting = readonly [name: string, value: string];

/** No hook of the user's runs in a checkout that nobody asked for. */
export const withoutHooks: Setting = ['core.hooksPath', '/dev/null'];

/**
 * A signature says that a person vouches for the commit, and nobody has seen these; the agent that holds the key may not be there either.
 */
const unsigned: readonly Setting[] = [
  ['commit.gpgsign', 'false'],
  ['merge.verifySignatures', 'false'],
];

/** For what makes no commit. */
export const own = settings(withoutHooks, ...unsigned);

/** The settings as git takes them from its environment: over all files. */
export function settings(...all: readonly Setting[]): Readonly<Record<string, string>> {
  return { GIT_CONFIG_PARAMETERS: all.map(([name, value]) => `'${name}'='${value}'`).join(' ') };
}

/** The environment of such a commit: the user's identity where git knows one, the daemon's name where it does not. */
export async function unattended(git: RunGit, cwd: string, ...more: readonly Setting[]): Promise<Readonly<Record<string, string>>> {
  const names = await Promise.all(['AUTHOR', 'COMMITTER'].map((role) => standIn(git, cwd, role)));
  return Object.assign(settings(withoutHooks, ...unsigned, ...more), ...names);
}

async function standIn(git: RunGit, cwd: string, role: string): Promise<Readonly<Record<string, string>>> {
  const { exitCode } = await git.read(cwd, ['var', `GIT_${role}_IDENT`], { okExitCodes: [0, 128] });
  return exitCode === 0 ? {} : { [`GIT_${role}_NAME`]: 'coppice', [`GIT_${role}_EMAIL`]: 'coppice@localhost' };
}
