import type { Statement } from 'better-sqlite3';
import type { Db } from './database.ts';

/** Prepares each text once. For statements whose text depends on which few columns are named, so that the number stays small. */
export function createStatements<R>(db: Db): (sql: string) => Statement<unknown[], R> {
  const prepared = new Map<string, Statement<unknown[], R>>();
  return (sql) => {
    const known = prepared.get(sql);
    if (known) return known;
    const statement = db.prepare<unknown[], R>(sql);
    prepared.set(sql, statement);
    return statement;
  };
}
