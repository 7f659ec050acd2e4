// A log as long as one of years, in seconds: the store writes the first event, and SQLite the others after its pattern.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../daemon/kernel/clock.ts';
import { openDatabase, settleDatabase } from '../../daemon/store/database.ts';
import { Store } from '../../daemon/store/store.ts';
import type { Home } from '../helpers/real-daemon.ts';

/** As long as most are. */
export function someEvent(index: number) {
  const data = { tokenId: `tok_${digits(index)}`, name: `made ${index}`, scopes: ['read' as const] };
  return { type: 'auth.tokenCreated' as const, subject: {}, actor: 'owner', data };
}

function digits(index: number): string {
  return String(index).padStart(26, '0');
}

/** Adds `count` events to the log of a home whose daemon does not run; the database is made where there is none. */
export async function writeLongLog(home: Pick<Home, 'stateDir' | 'databasePath'>, count: number): Promise<void> {
  mkdirSync(home.stateDir, { recursive: true, mode: 0o700 });
  const options = { path: home.databasePath, backupDir: join(home.stateDir, 'backups'), clock: systemClock, random: Math.random };
  const store = new Store(options);
  await store.write((w) => w.events.append(someEvent(0)));
  const seq = store.read((r) => r.events.lastSeq());
  store.close();
  const db = openDatabase(home.databasePath);
  const columns = 'at, type, project_id, session_id, spec_task_id, work_session_id, worktree_id';
  db.prepare(
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < @last)
     INSERT INTO events (${columns}, body)
     SELECT ${columns}, replace(replace(body, '${digits(0)}', printf('%026d', n)), '"made 0"', '"made ' || n || '"')
     FROM numbers, events WHERE seq = @seq AND @last > 0`,
  ).run({ last: count - 1, seq });
  settleDatabase(db);
  db.close();
}
