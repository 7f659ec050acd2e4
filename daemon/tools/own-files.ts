// Small files that only their owner may read: written whole or not at all, refused when others could have touched them.
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';

/** When it returns, the file outlives a power cut. */
export function writeOwnFile(path: string, text: string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export interface OwnFileOptions {
  /** Besides chmod, what to do about a file that others may read. */
  readonly fix?: string;
  /** Who may own it, too. */
  readonly otherOwner?: number;
}

/** Undefined when there is none. */
export function readOwnFile(path: string, uid: number, { fix, otherOwner }: OwnFileOptions = {}): string | undefined {
  let file: number;
  try {
    // Whoever opens a pipe that nobody writes to would wait for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const about = fstatSync(file);
    const isOurs = about.uid === uid || about.uid === otherOwner;
    if (!about.isFile() || about.size > limits.ownFileBytes) throw refused(path, `is no file of at most ${limits.ownFileBytes} bytes`, fix);
    if (!isOurs || (about.mode & 0o077) !== 0) throw refused(path, 'must be yours with mode 0600; run "chmod 600" on it', fix);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function refused(path: string, what: string, fix = 'remove it to get a new one'): Failure {
  return new Failure('PRECONDITION', `The file "${path}" ${what}, or ${fix}.`, { details: { reason: 'unsafe_file', path } });
}
