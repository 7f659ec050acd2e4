import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDatabase, versionOf } from '../../../daemon/store/database.ts';
import { migrations } from '../../../daemon/store/migrations/index.ts';
import { acquireStateLock } from '../../../daemon/store/state-lock.ts';
import { Store } from '../../../daemon/store/store.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { openTestStore } from '../../helpers/open-store.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const newest = migrations.at(-1)?.version ?? 0;

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

test('a fresh database has every setting the store relies on', () => {
  using dir = createTempDir();
  const db = openDatabase(dir.at('coppice.db'));
  const pragma = (name: string): unknown => db.pragma(name, { simple: true });
  expect({
    autoVacuum: pragma('auto_vacuum'),
    journalMode: pragma('journal_mode'),
    synchronous: pragma('synchronous'),
    foreignKeys: pragma('foreign_keys'),
    tempStore: pragma('temp_store'),
    cacheSize: pragma('cache_size'),
  }).toEqual({ autoVacuum: 2, journalMode: 'wal', synchronous: 1, foreignKeys: 1, tempStore: 2, cacheSize: -8000 });
  expect(Number(pragma('busy_timeout'))).toBeLessThanOrEqual(25);
  db.close();
});

test('the file and what SQLite puts beside it are for its owner alone, whatever the umask', () => {
  const umask = process.umask(0);
  try {
    using opened = openTestStore();
    const modes = readdirSync(opened.dir.path)
      .filter((name) => name.startsWith('coppice.db'))
      .map((name) => [name, statSync(opened.dir.at(name)).mode & 0o777]);
    expect(modes).toEqual([
      ['coppice.db', 0o600],
      ['coppice.db-shm', 0o600],
      ['coppice.db-wal', 0o600],
    ]);
    expect(statSync(opened.dir.at('backups')).mode & 0o777).toBe(0o700);
  } finally {
    process.umask(umask);
  }
});

test('a database that cannot be vacuumed in slices is refused by name', () => {
  using dir = createTempDir();
  const path = dir.at('coppice.db');
  const old = new Database(path);
  old.exec('CREATE TABLE something (id INTEGER)');
  old.close();
  expect(() => openDatabase(path)).toThrow(
    expect.objectContaining({ kind: 'DB_PRAGMA', details: { pragma: 'auto_vacuum', found: 0, wanted: 2 } }),
  );
});

test('a database of a newer daemon is refused and not a byte of it changes', () => {
  using dir = createTempDir();
  const path = dir.at('coppice.db');
  const newer = new Database(path);
  newer.pragma('journal_mode = WAL');
  newer.exec('CREATE TABLE future (id INTEGER); INSERT INTO future VALUES (1)');
  newer.pragma(`user_version = ${newest + 1}`);
  newer.close();
  const before = sha256(path);
  const open = (): Store => new Store({ path, backupDir: dir.at('backups'), clock: createManualClock(), random: () => 0.5 });
  expect(open).toThrow(expect.objectContaining({ kind: 'DB_TOO_NEW', details: { found: newest + 1, known: newest } }));
  expect(sha256(path)).toBe(before);
  expect(statSync(dir.at('backups')).isDirectory() && readdirSync(dir.at('backups'))).toEqual([]);
});

test('no file and an empty file are version 0, and looking makes no file', () => {
  using dir = createTempDir();
  expect(versionOf(dir.at('none.db'))).toBe(0);
  expect(existsSync(dir.at('none.db'))).toBe(false);
  writeFileSync(dir.at('empty.db'), '');
  expect(versionOf(dir.at('empty.db'))).toBe(0);
});

test('one daemon holds the state lock, a second is told so, and it is free again after release and after kill -9', () => {
  using dir = createTempDir();
  const path = dir.at('daemon.lock');
  const lock = acquireStateLock(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(() => acquireStateLock(path)).toThrow(expect.objectContaining({ kind: 'ALREADY_RUNNING' }));
  lock.release();
  acquireStateLock(path).release();
  const program = `
    const db = new (require('better-sqlite3'))(process.argv[1]);
    db.exec('BEGIN EXCLUSIVE');
    process.kill(process.pid, 'SIGKILL');`;
  const died = spawnSync(process.execPath, ['-e', program, path]);
  expect(died.signal).toBe('SIGKILL');
  acquireStateLock(path).release();
});

test('a lock file that is something else is told as that, not as a damaged database', () => {
  using dir = createTempDir();
  const path = dir.at('daemon.lock');
  writeFileSync(path, 'no lock at all, but long enough to be looked at'.repeat(50));
  expect(() => acquireStateLock(path)).toThrow(
    expect.objectContaining({ kind: 'PRECONDITION', details: { reason: 'no_lock_file', path } }),
  );
});

test('closing leaves one file: nothing waits in the log of SQLite', async () => {
  using dir = createTempDir();
  const store = new Store({ path: dir.at('coppice.db'), backupDir: dir.at('backups'), clock: createManualClock(), random: () => 0.5 });
  await store.write((w) => w.meta.set('epoch', 'abc'));
  expect(store.size().bytes).toBeGreaterThan(0);
  store.close();
  expect(readdirSync(dir.path).toSorted()).toEqual(['backups', 'coppice.db']);
});
