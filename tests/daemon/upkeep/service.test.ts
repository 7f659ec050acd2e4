// The database looked after from outside: the built program runs beside a store that is in use.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { createLog } from '../../../daemon/kernel/log.ts';
import { sha256Of } from '../../../daemon/tools/sha256.ts';
import { createCare } from '../../../daemon/upkeep/care.ts';
import { createUpkeep } from '../../../daemon/upkeep/service.ts';
import { Config } from '../../../schemas/config.ts';
import { createTestAgain } from '../../helpers/again.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { openTestStore, projectRow } from '../../helpers/open-store.ts';
import { packageRoot } from '../../helpers/package-root.ts';
import { createTestProcessTool } from '../../helpers/process-tool.ts';
import { processesWith } from '../../helpers/processes.ts';
import { writeSampleRows } from '../../helpers/sample-rows.ts';
import { until } from '../../helpers/until.ts';

const nothing = { sessions: 0, sizeBytes: 0 };
const never = new AbortController().signal;
const program: [string, ...string[]] = [process.execPath, join(packageRoot, 'dist', 'daemon', 'store', 'care.js')];

function setUp(run: [string, ...string[]] = program) {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const { store, path: databasePath, dir } = opened;
  const { again, retried } = createTestAgain();
  const care = createCare({ process: createTestProcessTool({}), again, databasePath, program: run });
  const lines: string[] = [];
  const { log } = createLog('info', (line) => void lines.push(line));
  const retained: { fails: boolean } = { fails: false };
  const upkeep = createUpkeep({
    ...{ store, clock, care, log, databasePath, backupDir: dir.at('backups') },
    config: { current: Config.parse({}) },
    artifacts: {
      async retain() {
        if (retained.fails) throw new Error('no tar');
        return { archived: nothing, purged: nothing, outcome: 'full', failed: [] };
      },
    },
    worktrees: { forgetOld: async () => 0 },
  });
  return { clock, store, dir, databasePath, upkeep, care, retried, retained, lines, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

test('a program that ends well and says nothing is no bug, and is told with what to do', async () => {
  using at = setUp([process.execPath, '-e', '']);
  await expect(at.care.check(never)).rejects.toMatchObject({
    kind: 'TOOL_FAILED',
    message: expect.stringMatching(/coppice daemon restart/),
  });
});

test('a backup is a whole database with all that is committed, checked, private, and told with its sha256', async () => {
  using at = setUp();
  await writeSampleRows(at.store);
  const { path, sizeBytes, sha256 } = await at.upkeep.backUp(undefined, never);
  expect(path).toBe(at.dir.at('backups', 'coppice-2030-01-01T00-00-00-000Z.db'));
  expect([statSync(path).size, statSync(path).mode & 0o777, sha256]).toEqual([sizeBytes, 0o600, await sha256Of(path)]);
  const copy = new Database(path, { readonly: true });
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(copy.pragma('auto_vacuum', { simple: true })).toBe(2);
  expect(copy.prepare('SELECT count(*) FROM events').pluck().get()).toBe(2);
  copy.close();
  expect(at.upkeep.status().backups).toMatchObject([{ path, sizeBytes }]);
});

test('a backup never overwrites, needs a folder, and leaves nothing when it fails', async () => {
  using at = setUp();
  const taken = at.dir.at('taken.db');
  writeFileSync(taken, 'mine');
  await expect(at.upkeep.backUp(taken, never)).rejects.toMatchObject({ kind: 'ALREADY_EXISTS', details: { id: taken } });
  expect(readFileSync(taken, 'utf8')).toBe('mine');
  const nowhere = at.dir.at('none', 'a.db');
  await expect(at.upkeep.backUp(nowhere, never)).rejects.toMatchObject({ kind: 'NOT_FOUND', details: { entity: 'folder' } });
  // A folder stands where the unfinished copy would.
  mkdirSync(at.dir.at('b.db.new', 'full'), { recursive: true });
  await expect(at.upkeep.backUp(at.dir.at('b.db'), never)).rejects.toMatchObject({ kind: 'TOOL_FAILED' });
  expect(existsSync(at.dir.at('b.db'))).toBe(false);
});

test('a half copy of a backup that was cut off does not stand in the way, and is no backup', async () => {
  using at = setUp();
  writeFileSync(at.dir.at('a.db.new'), 'half');
  const { path } = await at.upkeep.backUp(at.dir.at('a.db'), never);
  expect(readdirSync(at.dir.path).filter((name) => name.includes('a.db'))).toEqual(['a.db']);
  writeFileSync(at.dir.at('backups', 'x.db.new'), 'half');
  expect(at.upkeep.status().backups).toEqual([]);
  expect(path).toBe(at.dir.at('a.db'));
});

test('a sound database has no problems; broken references and a damaged page are told', async () => {
  using at = setUp();
  await writeSampleRows(at.store);
  expect(await at.upkeep.check(never)).toMatchObject({ ok: true, problems: [] });
  const other = new Database(at.databasePath);
  other.pragma('foreign_keys = OFF');
  other.exec("DELETE FROM projects; INSERT INTO shared_data VALUES ('ses_none', 'k', '1', 1)");
  other.close();
  const { ok, problems } = await at.upkeep.check(never);
  expect(ok).toBe(false);
  expect(problems.map(({ kind }) => kind)).toContain('reference');
  expect(problems.map(({ message }) => message).join('\n')).toContain('row  of "shared_data" refers to one of "sessions"');
});

test('while writes go on, a checkpoint empties the log of SQLite', async () => {
  using at = setUp();
  await at.store.write((w) => w.projects.insert(projectRow()));
  expect(at.store.size().walBytes).toBeGreaterThan(0);
  await at.care.checkpoint();
  expect(at.store.size().walBytes).toBe(0);
  await at.store.write((w) => w.meta.set('epoch', 'x'));
  expect(at.store.read((r) => r.projects.count())).toBe(1);
});

test('the round empties the file, says how much, and status knows when', async () => {
  using at = setUp();
  const reason = 'x'.repeat(4_000);
  for (let batch = 0; batch < 5; batch += 1) {
    await at.store.write((w) => {
      for (let n = 0; n < 200; n += 1) w.events.append({ type: 'daemon.stopping', subject: {}, actor: 'daemon', data: { reason } });
    });
  }
  at.clock.advance(31 * 86_400_000);
  const told = await at.upkeep.keepHouse({ dryRun: true, gently: false });
  expect(told.removed.events).toBe(1_000);
  expect(at.upkeep.status()).not.toHaveProperty('keptHouseAt');
  const { removed, freedBytes, problems } = await at.upkeep.keepHouse({ dryRun: false, gently: false });
  expect([removed.events, problems]).toEqual([1_000, []]);
  expect(freedBytes).toBeGreaterThan(3_500_000);
  const { sizeBytes, freeBytes, walBytes, rows, keptHouseAt } = at.upkeep.status();
  expect({ freeBytes, walBytes, rows, keptHouseAt }).toEqual({
    ...{ freeBytes: 0, walBytes: 0, rows: { sessions: 0, events: 0 }, keptHouseAt: '2030-02-01T00:00:00.000Z' },
  });
  expect(statSync(at.databasePath).size).toBe(sizeBytes);
});

test('each problem of a round is a line in the log, also when somebody asked for the round', async () => {
  using at = setUp();
  at.retained.fails = true;
  const { problems } = await at.upkeep.keepHouse({ dryRun: true, gently: false });
  expect(problems.map(({ about }) => about)).toEqual(['artifacts']);
  expect(at.lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 'error', err: { message: 'no tar' } }]);
});

test('a cancel ends the program, and a lock is tried again as a read of the store', async () => {
  const marker = `upkeep-of-${process.pid}`;
  using at = setUp([process.execPath, '-e', `setTimeout(() => {}, 60_000); // ${marker}`, '--']);
  const abort = new AbortController();
  const check = at.upkeep.check(abort.signal);
  check.catch(() => undefined);
  await until('the program to run', () => processesWith(marker).length > 0);
  abort.abort();
  await expect(check).rejects.toMatchObject({ kind: 'CANCELLED' });
  await until('the program to be gone', () => processesWith(marker).length === 0);

  const answer = JSON.stringify({ error: { code: 'SQLITE_BUSY_RECOVERY', message: 'locked' } });
  using busy = setUp([process.execPath, '-e', `console.log(${JSON.stringify(answer)})`, '--']);
  await expect(busy.upkeep.check(never)).rejects.toMatchObject({ kind: 'STORE_BUSY' });
  expect(busy.retried).toEqual(['store_read', 'store_read']);
});
