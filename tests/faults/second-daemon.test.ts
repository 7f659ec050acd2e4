// A dozen daemons on one state: one runs, the others say so and touch nothing.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { type Home, runDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const alreadyRunning = /^coppiced: Another coppiced holds .*daemon\.lock.*\n$/;

function printOf(home: Home): unknown {
  return [home.databasePath, `${home.databasePath}-wal`].map((path) => ({ sum: sha256(path), modified: lstatSync(path).mtimeMs }));
}

test('a second daemon on the same state ends with 5 and touches nothing, whatever socket it asks for', async () => {
  await using daemon = await startRealDaemon();
  const { home } = daemon;
  const before = { database: printOf(home), inode: lstatSync(home.socketPath).ino };

  const second = await runDaemon(home);
  const elsewhere = await runDaemon(home, { args: ['--socket', home.path('other.sock')] });

  for (const end of [second, elsewhere]) expect(end).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(alreadyRunning) });
  expect({ database: printOf(home), inode: lstatSync(home.socketPath).ino }).toEqual(before);
  expect(existsSync(home.path('other.sock'))).toBe(false);
  expect((await daemon.client.daemon.ping()).pid).toBe(daemon.pid);
});

test('of twelve daemons started at once one runs and eleven end with 5; the database knows of the one alone', async () => {
  await using daemon = await startRealDaemon();
  const { home } = daemon;
  await daemon.kill();

  const twelve = Array.from({ length: 12 }, () => runDaemon(home));
  const losers: Awaited<ReturnType<typeof runDaemon>>[] = [];
  for (const one of twelve) void one.then((end) => losers.push(end));
  await until('eleven to end', () => losers.length === 11, 90_000);
  expect(losers.map(({ exitCode }) => exitCode)).toEqual(losers.map(() => 5));
  for (const { stderr } of losers) expect(stderr).toMatch(alreadyRunning);
  const winner = await until('the winner to answer', () => daemon.client.daemon.ping());

  const db = new Database(home.databasePath, { readonly: true });
  const started = db.prepare("SELECT body FROM events WHERE type = 'daemon.started' ORDER BY seq").pluck().all() as string[];
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  db.close();
  expect(started.map((body) => (JSON.parse(body) as { data: { pid: number } }).data.pid)).toEqual([daemon.pid, winner.pid]);
  process.kill(winner.pid, 'SIGTERM');
  expect((await Promise.all(twelve)).filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
});
