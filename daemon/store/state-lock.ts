import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Failure } from '../../schemas/errors.ts';
import { isBusy } from '../kernel/classify.ts';
import { isDamaged } from './damage.ts';

/**
 * One daemon a state directory. The lock is an exclusive transaction on a file of its own: the kernel frees it when its holder dies,
 * however that happens, and it needs no pid that another process could have by now.
 */
export function acquireStateLock(path: string): { release(): void } {
  closeSync(openSync(path, 'a', 0o600));
  const db = new Database(path, { timeout: 0 });
  try {
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isDamaged(error)) {
      throw new Failure('PRECONDITION', `"${path}" is not the lock file of coppice; delete it and start again.`, {
        cause: error,
        details: { reason: 'no_lock_file', path },
      });
    }
    if (!isBusy(error)) throw error;
    throw new Failure('ALREADY_RUNNING', `Another coppiced holds "${path}"; use it, or stop it with "coppice daemon stop" first.`, {
      cause: error,
    });
  }
  return { release: () => db.close() };
}
