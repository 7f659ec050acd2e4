// A disk that is small enough to be filled: a file system of its own, in memory, mounted into the home of a daemon.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHome, type Home } from './real-daemon.ts';

export interface SmallDisk {
  readonly home: Home;
  readonly path: string;
  /** Takes all that is left, to the last page. */
  fill(): void;
  /** Gives it back. */
  free(): void;
}

export interface SmallDiskOptions {
  /** Folder of the home that lies on it: `state`, or `data` for worktrees. */
  readonly folder: 'state' | 'data';
  readonly mib?: number;
  readonly inodes?: number;
}

/** For `skipIf`: says why tests are skipped, and throws where all of them are wanted. */
export function rootMissing(what: string): boolean {
  if (process.getuid?.() === 0) return false;
  if (process.env.COPPICE_REQUIRE_ALL === '1') throw new Error(`only root may ${what}, and COPPICE_REQUIRE_ALL=1 wants every test to run`);
  process.stderr.write(`skipped: only root may ${what}\n`);
  return true;
}

/** The disk goes with the home. */
export function createSmallDisk({ folder, mib = 16, inodes = 4_000 }: SmallDiskOptions): SmallDisk {
  const home = createHome();
  const path = home.path(folder);
  mkdirSync(path, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,nr_inodes=${inodes},mode=0700`, 'tmpfs', path]);
  const filler = join(path, 'filler');
  return {
    path,
    home: {
      ...home,
      async [Symbol.asyncDispose]() {
        // Lazily: what still runs there is ended by the home, and sees no other disk in its place.
        execFileSync('umount', ['-l', path]);
        await home[Symbol.asyncDispose]();
      },
    },
    fill() {
      for (const bytes of [65_536, 4_096]) {
        const block = Buffer.alloc(bytes, 'x');
        try {
          for (;;) writeFileSync(filler, block, { flag: 'a' });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    },
    free: () => rmSync(filler),
  };
}
