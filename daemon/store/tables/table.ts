// What most tables are: rows with an id, snake_case columns for camelCase members, JSON for lists and flags for booleans.
import type { Db } from '../database.ts';
import { createStatements } from '../statements.ts';
import { boundLimit, present } from './rows.ts';

export interface TableSpec<R> {
  readonly name: string;
  readonly fields: readonly (keyof R & string)[];
  /** Members kept as JSON text. */
  readonly json?: readonly (keyof R & string)[];
  /** Members that are booleans; the column holds 0 or 1. */
  readonly flags?: readonly (keyof R & string)[];
}

/** null clears a member, undefined leaves it. */
export type Change<R> = { readonly [K in keyof R]?: R[K] | null };

export interface Table<R> {
  /** All records that the condition selects; it may end in ORDER BY and LIMIT. */
  select(where: string): (...values: unknown[]) => R[];
  one(where: string): (...values: unknown[]) => R | undefined;
  /** Newest first before the id `cursor`, for conditions that a client put together. */
  page(conditions: readonly (readonly [sql: string, value: unknown])[], cursor: string, limit: number): R[];
  insert(record: R): void;
  change(id: string, change: Change<R>): void;
}

export function defineTable<R extends { readonly id: string }>({
  name,
  fields,
  json = [],
  flags = [],
}: TableSpec<R>): (db: Db) => Table<R> {
  const columns = fields.map((field) => `${columnOf(field)} AS "${field}"`).join(', ');
  const encode = (field: keyof R & string, value: unknown): unknown => {
    if (value === undefined || value === null) return null;
    if (json.includes(field)) return JSON.stringify(value);
    return flags.includes(field) ? Number(value) : value;
  };
  const decode = (row: Record<string, unknown>): R => {
    const record: Record<string, unknown> = present(row);
    for (const field of json) if (typeof record[field] === 'string') record[field] = JSON.parse(record[field]);
    for (const field of flags) record[field] = record[field] === 1;
    return record as R;
  };
  return (db) => {
    const statements = createStatements<Record<string, unknown>>(db);
    const select = (where: string) => {
      const statement = db.prepare<unknown[], Record<string, unknown>>(`SELECT ${columns} FROM ${name} WHERE ${where}`);
      return (...values: unknown[]): R[] => statement.all(...values).map(decode);
    };
    const one = (where: string) => {
      const all = select(`${where} LIMIT 1`);
      return (...values: unknown[]): R | undefined => all(...values)[0];
    };
    return {
      select,
      one,
      page(conditions, cursor, limit) {
        const where = [...conditions.map(([sql]) => sql), 'id < ?'].join(' AND ');
        return statements(`SELECT ${columns} FROM ${name} WHERE ${where} ORDER BY id DESC LIMIT ${boundLimit}`)
          .all(...conditions.flatMap(([, value]) => value), cursor, limit)
          .map(decode);
      },
      insert(record) {
        const values = fields.map((field) => encode(field, record[field]));
        statements(`INSERT INTO ${name} (${fields.map(columnOf).join(', ')}) VALUES (${fields.map(() => '?').join(', ')})`).run(...values);
      },
      change(id, change) {
        const changed = fields.filter((field) => change[field] !== undefined);
        if (changed.length === 0) return;
        const set = changed.map((field) => `${columnOf(field)} = ?`).join(', ');
        statements(`UPDATE ${name} SET ${set} WHERE id = ?`).run(...changed.map((field) => encode(field, change[field])), id);
      },
    };
  };
}

function columnOf(field: string): string {
  // In quotes, since "index", "group" and "commit" are words of SQL.
  return `"${field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}"`;
}
