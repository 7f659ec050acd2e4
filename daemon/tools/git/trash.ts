// Where removed worktrees wait for the deletion of their files: beside the place they had, on its file system.
import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyedQueue } from '../../kernel/keyed-queue.ts';
import { isAbsence } from './git-files.ts';
import { bulkMs, type RunGit } from './run-git.ts';

/** Ours beyond doubt: what bears it is deleted, also beside worktrees that were adopted in a directory of the user's. */
const prefix = '.coppice-trash-';

export interface Trash {
  /** What removals that did not come to their end left in a directory. */
  find(directory: string): Promise<string[]>;
  /** One at a time, however many there are: nobody waits for it, and everybody shares the disk. */
  empty(path: string): Promise<void>;
}

export function makeTrash(directory: string): Promise<string> {
  return mkdtemp(join(directory, prefix));
}

export function createTrash(git: RunGit): Trash {
  const queue = createKeyedQueue();
  return {
    async find(directory) {
      const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
        if (isAbsence(error)) return [];
        throw error;
      });
      // Never a link, which would lead elsewhere.
      return entries.filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix)).map(({ name }) => join(directory, name));
    },
    empty: (path) => queue.run('deletion', () => empty(git, path)),
  };
}

/** By rm: deleting thousands of files from here would keep the event loop busy. What is mounted inside is not ours. */
async function empty(git: RunGit, path: string): Promise<void> {
  const remove = () => git.other('nice', ['rm', '-rf', '--one-file-system', '--', path], { timeoutMs: bulkMs });
  try {
    await remove();
  } catch {
    // Directories without permissions, like those of a Go module cache, give way only after this: each before it is entered.
    const closed = ['-xdev', '-type', 'd', '!', '-perm', '-700', '-exec', 'chmod', 'u+rwx', '{}', ';'];
    await git.other('find', [path, ...closed], { timeoutMs: bulkMs, okExitCodes: [0, 1] });
    await remove();
  }
}
