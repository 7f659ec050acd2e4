import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Failure } from '../../schemas/errors.ts';

export type Db = Database.Database;

/** How long the driver itself may wait for a lock: it waits inside the event loop, so longer waits are ours, between turns. */
const driverTimeoutMs = 20;

/** What must hold after opening; a database that refuses one of these is not used. */
const expected = { auto_vacuum: 2, journal_mode: 'wal', synchronous: 1, foreign_keys: 1, cache_size: -8000, temp_store: 2 } as const;

/** The version of the database file at `path`, read without changing a byte; 0 when there is none. Throws for a damaged schema. */
export function versionOf(path: string): number {
  if (!existsSync(path) || statSync(path).size === 0) return 0;
  const db = new Database(path, { readonly: true, timeout: driverTimeoutMs });
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return Number(db.pragma('user_version', { simple: true }));
  } finally {
    db.close();
  }
}

/** Opens or makes the database file, mode 0600, with every setting the store relies on. */
export function openDatabase(path: string): Db {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  const db = new Database(path, { timeout: driverTimeoutMs });
  try {
    // auto_vacuum only takes effect before the first page exists, and switching to WAL writes that page.
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma('cache_size = -8000');
    db.pragma('temp_store = MEMORY');
    // A checkpoint holds up whoever commits until the disk has it. 16 MiB of log are few pages of the database, written again and again.
    db.pragma('wal_autocheckpoint = 4000');
    db.pragma('journal_size_limit = 67108864');
    verify(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Takes the statistics that the planner wants and brings everything into one file. Another process that is in the way only delays it. */
export function settleDatabase(db: Db): void {
  // Without a limit the statistics of a large table would be read from all of it.
  db.pragma('analysis_limit = 400');
  db.pragma('optimize');
  db.pragma('wal_checkpoint(TRUNCATE)');
}

function verify(db: Db, path: string): void {
  for (const [name, wanted] of Object.entries(expected)) {
    const found = db.pragma(name, { simple: true });
    if (found !== wanted) {
      throw new Failure(
        'DB_PRAGMA',
        `The database "${path}" has ${name} ${String(found)} instead of ${wanted}; restore it from a backup or move it away.`,
        {
          details: { pragma: name, found, wanted },
        },
      );
    }
  }
}
