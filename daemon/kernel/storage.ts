// What a disk says through SQLite or the system: no bug of anybody, and not for ever.
import { Failure, isFailure } from '../../schemas/errors.ts';

/** By the beginning of a code: what is so with the disk, and what to do. */
const reasons: readonly (readonly [code: string, reason: string, remedy: string])[] = [
  ['SQLITE_FULL', 'is full', 'free some space'],
  ['SQLITE_READONLY', 'lets nobody write', 'make it writable'],
  ['SQLITE_CANTOPEN', 'does not let the file be opened', 'look at its permissions and its free inodes'],
  ['SQLITE_IOERR', 'fails', 'look at the log of the kernel'],
  ['ENOSPC', 'is full', 'free some space, or inodes'],
  ['EDQUOT', 'is full for this user', 'free some space'],
  ['EROFS', 'is read-only', 'make it writable'],
  ['EACCES', 'does not permit it', 'look at its permissions'],
  ['EIO', 'fails', 'look at the log of the kernel'],
];

/** The same error, unless it is a disk's: then a STORAGE_FAILED that says so. */
export function storageTold(error: unknown, place?: string): unknown {
  if (isFailure(error) || !(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const { code } = error;
  const found = reasons.find(([prefix]) => code.startsWith(prefix));
  if (!found) return error;
  const [, reason, remedy] = found;
  const path = place ?? ('path' in error && typeof error.path === 'string' ? error.path : undefined);
  const of = path === undefined ? 'The disk' : `The disk of "${path}"`;
  return new Failure('STORAGE_FAILED', `${of} ${reason}; please ${remedy} and try again.`, {
    cause: error,
    details: { code, ...(path === undefined ? {} : { path }) },
  });
}
