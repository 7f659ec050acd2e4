// A long history out of one real session: all of its rows again, under other ids, as the daemon itself would have written them.
import Database from 'better-sqlite3';

const tables = ['sessions', 'step_runs', 'artifacts', 'tokens', 'events'] as const;

/** Adds `count` copies of the session to the database, which nobody else may have open. */
export function cloneSession(databasePath: string, sessionId: string, count: number): void {
  const db = new Database(databasePath);
  const rows = tables.map((table) => {
    const column = table === 'sessions' ? 'id' : 'session_id';
    return [table, db.prepare<[string], Record<string, unknown>>(`SELECT * FROM ${table} WHERE ${column} = ?`).all(sessionId)] as const;
  });
  const slug = String(rows[0]?.[1][0]?.slug);
  /** Ids and slugs keep their length and their order. */
  const renamed = (value: unknown, n: number): unknown => {
    if (typeof value !== 'string') return value;
    const stamp = n.toString(36).padStart(4, '0');
    return value
      .replace(/\b((?:ses|stp|art|tok)_[0-9a-z]{18})[0-9a-z]{4}([0-9a-z]{4})\b/g, `$1${stamp}$2`)
      .replaceAll(slug, `${slug.slice(0, -4)}${stamp}`);
  };
  db.transaction(() => {
    for (let n = 1; n <= count; n += 1) {
      for (const [table, found] of rows) {
        for (const row of found) {
          const { seq: _, ...rest } = row;
          const copy = Object.fromEntries(
            Object.entries(rest).map(([name, value]) => [name, name === 'hash' ? `${n}`.padStart(64, '0') : renamed(value, n)]),
          );
          const names = Object.keys(copy);
          db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`).run(copy);
        }
      }
    }
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}
