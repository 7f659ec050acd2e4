// The few lines that every table file shares: rows are snake_case with nulls, records are camelCase without them.

/** Drops the members that are null, which records leave out. */
export function present<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], null> } {
  const kept = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined));
  return kept as { [K in keyof T]: Exclude<T[K], null> };
}

/** A page of rows in descending id order: one more row than asked tells that another page follows. */
export function pageOf<R extends { id: string }>(rows: readonly R[], limit: number): { rows: readonly R[]; nextCursor?: string } {
  const last = rows[limit - 1];
  return rows.length > limit && last ? { rows: rows.slice(0, limit), nextCursor: last.id } : { rows };
}

/** Above every id, for the first page of a list in descending order. */
export const afterAllIds = '~';

/**
 * The parameter of a LIMIT. A bare one would have SQLite prepare the statement again at each run, for a plan that fits its value, which
 * takes as long as a small page.
 */
export const boundLimit = '(? + 0)';
