// A damaged database: the daemon says so, keeps what it found aside, names the last backup, and deletes nothing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { createHome, runDaemon, startRealDaemon } from '../helpers/real-daemon.ts';

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function overwrite(path: string, bytes: Uint8Array, position: number): void {
  writeSync(openSync(path, 'r+'), bytes, 0, bytes.length, position);
}

test('a damaged database ends the start with 6, is left as it is, and the command that is told brings the last backup back', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home });
  await daemon.client.auth.createToken({ name: 'phone', scopes: ['read'] });
  await daemon.client.daemon.dbBackup({});
  await daemon.stop();
  overwrite(home.databasePath, new Uint8Array(3_000).fill(0xaa), 100);
  const before = sha256(home.databasePath);
  const { exitCode, stderr } = await runDaemon(home);
  expect(exitCode).toBe(6);
  expect(stderr).toMatch(/^coppiced: The database ".*" is damaged \(SQLITE_CORRUPT\)\. The last backup is of /);
  expect(sha256(home.databasePath)).toBe(before);
  const [copy = ''] = readdirSync(join(home.stateDir, 'damaged'));
  expect(sha256(join(home.stateDir, 'damaged', copy))).toBe(before);
  const [, command = 'false'] = /run (rm .* && cp .*), then start again/.exec(stderr) ?? [];
  execFileSync('sh', ['-c', command]);
  await daemon.again();
  expect((await daemon.client.auth.listTokens()).tokens.map(({ name }) => name)).toEqual(['phone']);
});

test('damage that a start does not meet is found by the check, while the daemon goes on', async () => {
  await using home = createHome();
  await using daemon = await startRealDaemon({ home });
  for (let n = 0; n < 20; n += 1) await daemon.client.auth.createToken({ name: `token ${n}`, scopes: ['read'] });
  await daemon.stop();
  const db = new Database(home.databasePath);
  const page = db.prepare("SELECT pageno FROM dbstat WHERE name = 'tokens_live_name' LIMIT 1").pluck().get() as number;
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  db.close();
  // The rows are there, the index has lost half of its page.
  overwrite(home.databasePath, new Uint8Array(pageBytes / 2), (page - 1) * pageBytes + pageBytes / 2);
  await daemon.again();
  const { exitCode, stdout } = await daemon.cli(['daemon', 'db', 'check']);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^integrity /);
  await daemon.client.daemon.ping();
  // Nobody would want it back.
  await expect(daemon.client.daemon.dbBackup({})).rejects.toMatchObject({ kind: 'DB_CORRUPT' });
  expect((await daemon.client.daemon.dbStatus()).backups).toEqual([]);
});
