// What `git worktree add` writes before and after it checks out, written here: git takes four processes for it, and this leaves it one.
// Each step alone is one that git, `git worktree prune` and a roll-back understand, so a crash between any two leaves nothing odd.
import { mkdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { smallFiles } from '../small-files.ts';
import { isAbsence, readAdminEntries } from './git-files.ts';
import type { Repository } from './repository.ts';

export interface EntryWish {
  readonly repo: Repository;
  /** Nothing may be there yet. */
  readonly path: string;
  readonly commit: string;
}

/** Names that git takes for the entry as they are. */
const plainName = /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*$/u;
const triesAtMost = 1_000;

/**
 * A worktree without files, detached at a commit that need not exist, and locked against a prune from beside. Answers git's own folder
 * of it; undefined, and nothing is left, when git has to make it: it knows the rarer cases, and what to say about what cannot be.
 */
export async function beginEntry({ repo, path, commit }: EntryWish): Promise<string | undefined> {
  const name = basename(path);
  if (!plainName.test(name) || name.endsWith('.lock') || resolve(path) !== path || path.includes('\n')) return undefined;
  const parent = await realpath(dirname(path)).catch(() => undefined);
  if (parent === undefined) return undefined;
  const worktree = join(parent, name);
  if ((await readAdminEntries(repo.gitCommonDir)).some(({ worktreePath }) => worktreePath === worktree)) return undefined;
  const adminDir = await claim(join(repo.gitCommonDir, 'worktrees'), name).catch(() => undefined);
  if (adminDir === undefined) return undefined;
  let isMade = false;
  try {
    // First of all where it belongs: an entry that says nothing of it could be found by nobody, and a locked one would stay for good.
    await smallFiles.write(join(adminDir, 'gitdir'), `${join(worktree, '.git')}\n`);
    await smallFiles.write(join(adminDir, 'locked'), 'initializing\n');
    await Promise.all([smallFiles.write(join(adminDir, 'HEAD'), `${commit}\n`), writeWhole(join(adminDir, 'commondir'), '../..\n')]);
    await smallFiles.makeFolder(path);
    isMade = true;
    await smallFiles.write(join(path, '.git'), `gitdir: ${adminDir}\n`);
    return adminDir;
  } catch {
    if (isMade) await rm(path, { recursive: true, force: true });
    await rm(adminDir, { recursive: true, force: true });
    return undefined;
  }
}

/** A git that runs beside this goes through all entries: it takes one without this file as it is, and dies of one that is empty. */
async function writeWhole(path: string, text: string): Promise<void> {
  await smallFiles.write(`${path}.new`, text);
  await smallFiles.move(`${path}.new`, path);
}

/** The name, or with a number behind it. Making the folder decides between two that want the same. */
async function claim(parent: string, name: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (let count = 0; ; count++) {
    const adminDir = join(parent, count === 0 ? name : `${name}${count}`);
    try {
      await smallFiles.makeFolder(adminDir);
      return adminDir;
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!isTaken || count === triesAtMost) throw error;
    }
  }
}

/** After `git checkout -b`: its notes become those that `git worktree add` leaves, and the lock goes. */
export async function finishEntry(adminDir: string, commit: string): Promise<void> {
  const log = join(adminDir, 'logs', 'HEAD');
  const [line = ''] = await Promise.all([
    // Absent where the settings want no such logs.
    smallFiles.read(log).catch((error: unknown) => {
      if (isAbsence(error)) return undefined;
      throw error;
    }),
    smallFiles.write(join(adminDir, 'ORIG_HEAD'), `${commit}\n`),
  ]);
  // In it "the branch before" would be a commit.
  const who = /^\S+ \S+ ([^\t\n]*)\tcheckout: [^\n]*\n$/.exec(line)?.[1];
  if (who !== undefined) {
    const zero = '0'.repeat(commit.length);
    await smallFiles.write(log, `${zero} ${commit} ${who}\n${commit} ${commit} ${who}\treset: moving to HEAD\n`);
  }
  await smallFiles.remove(join(adminDir, 'locked'));
}
