// A writer that is killed at any moment leaves whole transactions or none.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { bundleProgram } from '../../helpers/bundle-program.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

/** Lets the loop commit until it has said so `commits` times, kills it, and answers the last number it told. */
async function writeAndKill(program: string, database: string, commits: number): Promise<number> {
  const child = spawn(process.execPath, [program, database], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = 0;
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').slice(0, -1)) {
      told = Number(line);
      lines += 1;
    }
    if (lines >= commits) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  return told;
}

/** Sessions that lack a part of what was written with them, and parts without their session. */
const partial = `
  SELECT id FROM sessions AS s
  WHERE (SELECT count(*) FROM step_runs WHERE session_id = s.id) <> 3
    OR (SELECT count(*) FROM artifacts WHERE session_id = s.id) <> 1
    OR (SELECT count(*) FROM events WHERE session_id = s.id) <> 1
    OR (SELECT count(*) FROM definitions WHERE id = s.definition_id) <> 1
  UNION ALL SELECT session_id FROM events WHERE session_id NOT IN (SELECT id FROM sessions)`;

test('kill -9 in a write loop, twenty times: the file is whole, no part without the rest, nothing that was told is lost', async () => {
  using dir = createTempDir();
  using program = bundleProgram('write-loop');
  const database = dir.at('coppice.db');
  let before = 0;
  for (let round = 1; round <= 20; round++) {
    const told = await writeAndKill(program.path, database, 3 * round);
    const db = new Database(database);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(db.prepare(partial).all()).toEqual([]);
    const { events, last } = db.prepare('SELECT count(*) AS events, max(seq) AS last FROM events').get() as Record<
      'events' | 'last',
      number
    >;
    db.close();
    // One gap-free sequence, through all deaths.
    expect(last).toBe(events);
    expect(events).toBeGreaterThanOrEqual(told);
    expect(events).toBeGreaterThan(before);
    before = events;
  }
}, 180_000);
