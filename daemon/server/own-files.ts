// Small files that only their owner may read: written whole or not at all, refused when others could have touched them.
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { Failure } from '../../schemas/errors.ts';

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
}

/** Undefined when there is none. */
export function readOwnFile(path: string, uid: number): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { uid: owner, mode } = fstatSync(file);
    if (owner === uid && (mode & 0o077) === 0) return readFileSync(file, 'utf8');
    throw new Failure(
      'PRECONDITION',
      `The file "${path}" must be yours with mode 0600; run "chmod 600" on it, or remove it to get a new one.`,
      {
        details: { reason: 'unsafe_file', path },
      },
    );
  } finally {
    closeSync(file);
  }
}
