// A member of a record that its table does not name is neither written nor read, and nobody notices.
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { openTestStore } from '../../helpers/open-store.ts';

/** Columns by table, of each statement that reads whole records of one (`"camelCase"` names them so). */
function recordsRead(texts: readonly string[]): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const text of texts) {
    const [, columns = '', table = ''] = /^SELECT ((?:"\w+" AS "\w+"(?:, )?)+) FROM (\w+) WHERE/.exec(text) ?? [];
    if (table !== '')
      found.set(
        table,
        [...columns.matchAll(/"(\w+)" AS/g)].map(([, name = '']) => name),
      );
  }
  return found;
}

test('the records of a table have all of its columns', () => {
  const prepare = vi.spyOn(Database.prototype, 'prepare');
  using opened = openTestStore();
  const texts = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  const records = recordsRead(texts);
  expect(records.size).toBeGreaterThan(8);
  const db = new Database(opened.path, { readonly: true });
  const missing = [...records].flatMap(([table, names]) =>
    db
      .prepare<[string], string>('SELECT name FROM pragma_table_info(?)')
      .pluck()
      .all(table)
      .filter((column) => !names.includes(column))
      .map((column) => `${table}.${column}`),
  );
  db.close();
  expect(missing).toEqual([]);
});
