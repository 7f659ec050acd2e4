// Another process that holds the write lock of a database.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

const program = join(packageRoot, 'tests/fixtures/programs/hold-write-lock.mjs');

export interface HeldLock extends AsyncDisposable {
  /** Settles when it lets go, by itself or because it was told to. */
  readonly released: Promise<unknown>;
  /** Lets go now. */
  release(): Promise<void>;
}

/** Resolves once the lock is held; it is let go after so many milliseconds. */
export async function holdWriteLock(path: string, ms: number): Promise<HeldLock> {
  const child: ChildProcess = spawn(process.execPath, [program, path, String(ms)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const released = once(child, 'exit');
  await once(child.stdout as NodeJS.EventEmitter, 'data');
  const release = async (): Promise<void> => {
    child.kill('SIGKILL');
    await released;
  };
  return { released, release, [Symbol.asyncDispose]: release };
}
