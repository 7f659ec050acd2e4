// A writer that is killed at any moment leaves whole transactions or none.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { createTempDir } from '../../helpers/temp-dir.ts';

const root = join(import.meta.dirname, '../../..');

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

test('kill -9 in a write loop, five times: the file is whole, no event without its row, nothing that was told is lost', async () => {
  using dir = createTempDir();
  const database = dir.at('coppice.db');
  const program = join(root, 'node_modules', '.cache', `write-loop-${process.pid}.mjs`);
  buildSync({
    entryPoints: [join(root, 'tests/fixtures/programs/write-loop.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile: program,
    logLevel: 'error',
  });
  let before = 0;
  for (let round = 1; round <= 5; round++) {
    const told = await writeAndKill(program, database, 10 * round);
    const db = new Database(database);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    const { events, sessions, last } = db
      .prepare('SELECT count(*) AS events, max(seq) AS last, (SELECT count(*) FROM sessions) AS sessions FROM events')
      .get() as { events: number; sessions: number; last: number };
    const orphans = db.prepare('SELECT seq FROM events WHERE session_id NOT IN (SELECT id FROM sessions)').all();
    db.close();
    expect(orphans).toEqual([]);
    expect(events).toBe(sessions);
    expect(last).toBe(events);
    expect(events).toBeGreaterThanOrEqual(told);
    expect(events).toBeGreaterThan(before);
    before = events;
  }
  rmSync(program);
});
