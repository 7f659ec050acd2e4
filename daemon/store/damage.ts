// A database that is damaged is never repaired, moved or deleted by the daemon: it says so, keeps a copy of what it found, and names the
// last backup.
import { chmodSync, constants, copyFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { isoTime } from '../kernel/clock.ts';
import { listBackups } from './backups.ts';
import { versionOf } from './database.ts';

/** SQLite's codes for a file whose content makes no sense. */
export function isDamaged(error: unknown): error is Error & { code: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB');
}

/** Keeps a copy beside the database and tells what can be done. To be called before anything closes the file, which could change it. */
export function damageFailure(path: string, backupDir: string, error: Error & { code: string }): Failure {
  const aside = keepAside(path);
  const backup = lastSoundBackup(backupDir);
  const advice = backup
    ? `The last backup is of ${isoTime(backup.createdAt)}: run rm -f '${path}-wal' '${path}-shm' && cp '${backup.path}' '${path}', then start again.`
    : 'There is no backup; move it and its "-wal" file away to begin with an empty one.';
  const kept = typeof aside === 'string' ? `Nothing was changed, and a copy is "${aside}".` : 'Nothing was changed; copy it before you do.';
  return new Failure('DB_CORRUPT', `The database "${path}" is damaged (${error.code}). ${advice} ${kept}`, {
    cause: error,
    details: { path, code: error.code, copy: aside ?? null, backup: backup?.path ?? null },
  });
}

/** One copy of each state, named by when it was last written; undefined when there is no room for it. */
function keepAside(path: string): string | undefined {
  const dir = join(dirname(path), 'damaged');
  const stamp = isoTime(statSync(path).mtimeMs).replaceAll(/[:.]/g, '-');
  const aside = join(dir, `${stamp}-${basename(path)}`);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const end of ['', '-wal']) {
      if (isEmpty(path + end) || existsSync(aside + end)) continue;
      // Under another name until it is whole: one that is there counts as kept.
      const unfinished = `${aside}${end}.new`;
      copyFileSync(path + end, unfinished, constants.COPYFILE_FICLONE);
      chmodSync(unfinished, 0o600);
      renameSync(unfinished, aside + end);
    }
    return aside;
  } catch {
    // The original is what counts, and it stays; its damage is what must be told.
    return undefined;
  }
}

function isEmpty(path: string): boolean {
  return !existsSync(path) || statSync(path).size === 0;
}

function lastSoundBackup(dir: string) {
  return listBackups(dir).find(({ path }) => {
    try {
      return versionOf(path) > 0;
    } catch {
      return false;
    }
  });
}
