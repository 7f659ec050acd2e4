// What the database file says, read by nobody's leave and never written.
import Database from 'better-sqlite3';

export function rowsOf(databasePath: string, sql: string, ...values: readonly unknown[]): unknown[] {
  const db = new Database(databasePath, { readonly: true });
  try {
    return db.prepare(sql).all(...values);
  } finally {
    db.close();
  }
}
