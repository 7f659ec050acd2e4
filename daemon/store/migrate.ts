import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { Db } from './database.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** A changed migration is a different database under the same number; tests pin this. */
export function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

/** Refuses a database that a newer daemon wrote. */
export function assertNotNewer(found: number, migrations: readonly Migration[], path: string): void {
  const known = migrations.at(-1)?.version ?? 0;
  if (found > known) {
    throw new Failure(
      'DB_TOO_NEW',
      `The database "${path}" is of version ${found}, this daemon knows ${known}; install the newer coppice again.`,
      {
        details: { found, known },
      },
    );
  }
}

/** Brings the database to the newest version in one exclusive transaction, with a copy of what was there before. */
export function migrate(db: Db, migrations: readonly Migration[], backup: { dir: string; stamp: string }): void {
  const found = Number(db.pragma('user_version', { simple: true }));
  const pending = migrations.filter((migration) => migration.version > found);
  if (pending.length === 0) return;
  if (found > 0) backUp(db, backup.dir, `before-migration-${found}-${backup.stamp}.db`);
  db.exec('BEGIN EXCLUSIVE');
  try {
    for (const migration of pending) db.exec(migration.sql);
    db.pragma(`user_version = ${pending.at(-1)?.version}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Writes a whole, compact copy of the database and answers its path. */
export function backUp(db: Db, dir: string, name: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, name);
  db.prepare('VACUUM INTO ?').run(path);
  chmodSync(path, 0o600);
  return path;
}
