import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import type { Db } from './database.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** Tables with as many rows after it as before: the proof that one which drops or rebuilds anything must bring. */
  readonly keepsRowsOf?: readonly string[];
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
  const found = numberOf(db, 'PRAGMA user_version');
  const pending = migrations.filter((migration) => migration.version > found);
  if (pending.length === 0) return;
  const copy = found > 0 ? backUp(db, backup.dir, `before-migration-${found}-${backup.stamp}.db`) : undefined;
  // A table that is rebuilt would otherwise take along what refers to it. It cannot be switched inside the transaction.
  db.pragma('foreign_keys = OFF');
  try {
    begin(db, copy);
    for (const migration of pending) apply(db, migration);
    assertReferences(db);
    db.pragma(`user_version = ${pending.at(-1)?.version}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  } finally {
    db.pragma('foreign_keys = ON');
  }
}

/** Does it drop or delete anything? */
export function isDestructive({ sql }: Migration): boolean {
  return /\b(DROP\s+(TABLE|COLUMN)|DELETE\s+FROM)\b/i.test(sql);
}

/** Writes a whole, compact copy of the database and answers its path. */
export function backUp(db: Db, dir: string, name: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, name);
  db.prepare('VACUUM INTO ?').run(path);
  chmodSync(path, 0o600);
  return path;
}

/** Who does not get the lock has nothing to go back to. */
function begin(db: Db, copy: string | undefined): void {
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    if (copy !== undefined) rmSync(copy);
    throw error;
  }
}

function apply(db: Db, migration: Migration): void {
  const { version, name, keepsRowsOf = [] } = migration;
  if (isDestructive(migration) && keepsRowsOf.length === 0) {
    throw new Error(`Migration ${version} "${name}" drops or deletes and names no table whose rows it keeps.`);
  }
  const count = (table: string): number => numberOf(db, `SELECT count(*) FROM ${table}`);
  const before = keepsRowsOf.map(count);
  db.exec(migration.sql);
  for (const [index, table] of keepsRowsOf.entries()) {
    const after = count(table);
    if (after === before[index]) continue;
    throw new Error(`Migration ${version} "${name}" would leave ${after} of ${before[index]} rows of "${table}"; nothing was changed.`);
  }
}

function assertReferences(db: Db): void {
  const [broken] = db.pragma('foreign_key_check') as { table: string; parent: string }[];
  if (broken) throw new Error(`The migration would break a reference from "${broken.table}" to "${broken.parent}"; nothing was changed.`);
}

function numberOf(db: Db, sql: string): number {
  return Number(db.prepare<[], number>(sql).pluck().get());
}
