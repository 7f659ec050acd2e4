import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import { checksum, isDestructive, type Migration, migrate } from '../../../daemon/store/migrate.ts';
import { migrations } from '../../../daemon/store/migrations/index.ts';
import { Store } from '../../../daemon/store/store.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore } from '../../helpers/open-store.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/databases');
const migrationsDir = join(import.meta.dirname, '../../../daemon/store/migrations');

/** A released migration never changes: a changed one is another database under the same number. Version 1 is not released yet. */
const checksums: Readonly<Record<number, string>> = {
  1: 'ad34444defc4acc7b30789f3c739888bef40f038e5a5d8bc44f58e1457c92999',
  2: '10270ee25f1fcb36cc19658797a4a1accefd87422dbd983eee47f48f19d4532d',
  3: 'a138f0428825f7081baae7d14f446007a95aa6f1b9a189f3c233e69678886fbd',
  4: '8b2e3c4f2b26f8d121e2d9aa24af73e91ea240a5ca4995ccc609d459b1aca639',
  5: '485738dbd12a8e84b270f2f1daff8897d52476d805b5b488ec8dfd8404549480',
  6: '77c0638c02228c8d349de401dd07df239582a3ce1dd24840b78dbeb8c35f47b1',
};

const newest = migrations.at(-1)?.version ?? 0;

const next: Migration = {
  version: newest + 1,
  name: 'a later one',
  sql: "ALTER TABLE projects ADD COLUMN colour TEXT; UPDATE projects SET colour = 'green'",
};
const broken: Migration = { version: next.version + 1, name: 'broken', sql: 'CREATE TABLE half (id INTEGER); SELECT * FROM nowhere' };

/** A database as the daemon of that version left it. */
function openFixture(path: string, version: number) {
  const db = new Database(path);
  db.exec(readFileSync(join(fixtures, `v${version}.sql`), 'utf8'));
  db.pragma('journal_mode = WAL');
  db.close();
  return openDatabase(path);
}

function schemaOf(path: string): unknown[] {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all();
  } finally {
    db.close();
  }
}

test('numbers go up by one from 1, none twice, and every file is listed', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  const files = readdirSync(migrationsDir).filter((name) => name !== 'index.ts');
  expect(files.toSorted()).toEqual(migrations.map(({ version, name }) => `${String(version).padStart(3, '0')}-${name}.ts`));
});

test.each(migrations)('migration $version has the checksum it was released with', (migration) => {
  expect(checksum(migration)).toBe(checksums[migration.version]);
});

test('there is a database of every version to open', () => {
  const files = readdirSync(fixtures).filter((name) => name.endsWith('.sql'));
  expect(files.toSorted()).toEqual(migrations.map(({ version }) => `v${version}.sql`).toSorted());
});

test.each(migrations)('a database of version $version opens with all its rows', ({ version }) => {
  using dir = createTempDir();
  const path = dir.at('coppice.db');
  openFixture(path, version).close();
  const store = new Store({ path, backupDir: dir.at('backups'), clock: createManualClock(), random: () => 0.5 });
  store.read((r) => {
    expect(r.projects.names()).toEqual(['demo']);
    expect(r.sessions.get(idOf('ses', 1))).toMatchObject({ status: 'running', arguments: { target: "o'brien", count: 2 } });
    expect(r.sessions.get(idOf('ses', 2))).toMatchObject({ definition: '{}', definitionSha256: '0'.repeat(64) });
    expect(r.sessions.sharedData(idOf('ses', 1))).toEqual({ branch_name: 'topic-1' });
    expect(r.steps.ofSession(idOf('ses', 1))).toHaveLength(2);
    expect(r.worktrees.allLive().map(({ id }) => id)).toEqual([idOf('wt', 1)]);
    expect(r.terminals.allLive().map(({ id }) => id)).toEqual([idOf('trm', 1)]);
    expect(r.artifacts.list(idOf('ses', 1), undefined, '', 10)).toHaveLength(1);
    expect(r.tokens.byHash('hash 1')?.scopes).toEqual(['read', 'operate']);
    expect(r.receipts.find('["owner","k1"]')?.result).toEqual({ id: idOf('ses', 1) });
    expect([r.events.firstSeq(), r.events.lastSeq()]).toEqual([1, 2]);
  });
  store.close();
});

test('the newest fixture has exactly the schema that a new database gets', () => {
  using dir = createTempDir();
  const path = dir.at('coppice.db');
  openFixture(path, newest).close();
  using fresh = openTestStore();
  expect(schemaOf(path)).toEqual(schemaOf(fresh.path));
});

test('a new database is brought to the newest version without a backup', () => {
  using opened = openTestStore();
  const db = new Database(opened.path, { readonly: true });
  expect(db.pragma('user_version', { simple: true })).toBe(newest);
  db.close();
  expect(readdirSync(opened.dir.at('backups'))).toEqual([]);
});

test('an older database is copied, then migrated, and its rows are kept', () => {
  using dir = createTempDir();
  const db = openFixture(dir.at('coppice.db'), 1);
  migrate(db, [...migrations, next], { dir: dir.at('backups'), stamp: 'now' });
  expect(db.pragma('user_version', { simple: true })).toBe(next.version);
  expect(db.prepare('SELECT name, colour FROM projects').all()).toEqual([{ name: 'demo', colour: 'green' }]);
  db.close();
  expect(readdirSync(dir.at('backups'))).toEqual(['before-migration-1-now.db']);
  const backup = dir.at('backups', 'before-migration-1-now.db');
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  const copy = new Database(backup, { readonly: true });
  expect(copy.pragma('user_version', { simple: true })).toBe(1);
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(copy.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 2 });
  copy.close();
});

test('one that fails undoes all of them: the database is what it was', () => {
  using dir = createTempDir();
  const path = dir.at('coppice.db');
  const db = openFixture(path, 1);
  const before = schemaOf(path);
  const rows = createHash('sha256')
    .update(JSON.stringify(db.prepare('SELECT * FROM sessions').all()))
    .digest('hex');
  expect(() => migrate(db, [...migrations, next, broken], { dir: dir.at('backups'), stamp: 'now' })).toThrow('nowhere');
  expect(db.inTransaction).toBe(false);
  expect(db.pragma('user_version', { simple: true })).toBe(1);
  expect(schemaOf(path)).toEqual(before);
  expect(
    createHash('sha256')
      .update(JSON.stringify(db.prepare('SELECT * FROM sessions').all()))
      .digest('hex'),
  ).toBe(rows);
  db.close();
});

test('a database of the newest version is left alone', () => {
  using dir = createTempDir();
  const db = openFixture(dir.at('coppice.db'), newest);
  migrate(db, migrations, { dir: dir.at('backups'), stamp: 'now' });
  expect(() => readdirSync(dir.at('backups'))).toThrow('ENOENT');
  db.close();
});

test('each session keeps the definition it began with, and the same text is kept once', () => {
  using dir = createTempDir();
  const path = dir.at('coppice.db');
  const db = openFixture(path, 2);
  const columns = db
    .prepare("SELECT group_concat(name, ', ') FROM pragma_table_info('sessions') WHERE name NOT IN ('id', 'slug', 'definition')")
    .pluck()
    .get();
  const copy = db.prepare(
    `INSERT INTO sessions (id, slug, definition, ${columns}) SELECT id || @n, slug || @n, @definition, ${columns} FROM sessions WHERE id = @id`,
  );
  for (const [n, definition] of ['{"a":1}', '{"a":2}', '{"a":1}'].entries()) {
    copy.run({ n: String(n), definition, id: idOf('ses', 1) });
  }
  db.close();
  const store = new Store({ path, backupDir: dir.at('backups'), clock: createManualClock(), random: () => 0.5 });
  const definitions = store.read((r) => ['', '0', '1', '2'].map((n) => r.sessions.get(idOf('ses', 1) + n)?.definition));
  expect(definitions).toEqual(['{}', '{"a":1}', '{"a":2}', '{"a":1}']);
  store.close();
  const migrated = new Database(path, { readonly: true });
  expect(migrated.prepare('SELECT count(*) FROM definitions').pluck().get()).toBe(3);
  expect(migrated.pragma('foreign_key_check')).toEqual([]);
  migrated.close();
});

describe('a destructive migration', () => {
  const rebuild = (rows: string): Migration => ({
    version: next.version,
    name: 'rebuild',
    keepsRowsOf: ['projects', 'sessions'],
    sql: `CREATE TABLE projects_new (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL UNIQUE, git_dir TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO projects_new SELECT * FROM projects ${rows};
      DROP TABLE projects;
      ALTER TABLE projects_new RENAME TO projects;`,
  });
  const backup = (dir: { at(name: string): string }) => ({ dir: dir.at('backups'), stamp: 'now' });

  test('that keeps its rows goes through, and takes nothing along that refers to them', () => {
    using dir = createTempDir();
    const db = openFixture(dir.at('coppice.db'), migrations.length);
    migrate(db, [...migrations, rebuild('')], backup(dir));
    expect(db.prepare('SELECT count(*) FROM projects').pluck().get()).toBe(1);
    expect(db.prepare('SELECT count(*) FROM sessions').pluck().get()).toBe(2);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    db.close();
  });

  test('that would lose a row is refused with both counts, and the database is what it was', () => {
    using dir = createTempDir();
    const path = dir.at('coppice.db');
    const db = openFixture(path, migrations.length);
    const before = schemaOf(path);
    expect(() => migrate(db, [...migrations, rebuild('WHERE false')], backup(dir))).toThrow('would leave 0 of 1 rows of "projects"');
    expect(schemaOf(path)).toEqual(before);
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    db.close();
  });

  test('that breaks a reference is refused', () => {
    using dir = createTempDir();
    const db = openFixture(dir.at('coppice.db'), migrations.length);
    const sql = "UPDATE projects SET id = 'prj_other'";
    expect(() => migrate(db, [...migrations, { ...next, sql }], backup(dir))).toThrow('break a reference from "');
    expect(db.prepare('SELECT id FROM projects').pluck().all()).toEqual([idOf('prj', 1)]);
    db.close();
  });

  test('without a proof is a bug that nobody gets past', () => {
    using dir = createTempDir();
    const db = openFixture(dir.at('coppice.db'), migrations.length);
    const { keepsRowsOf: _, ...bare } = rebuild('');
    expect(() => migrate(db, [...migrations, bare], backup(dir))).toThrow('names no table whose rows it keeps');
    db.close();
    for (const migration of migrations) if (isDestructive(migration)) expect(migration.keepsRowsOf, migration.name).not.toEqual(undefined);
    expect(migrations.filter(isDestructive).map(({ version }) => version)).toEqual([3]);
  });
});

test('another process that holds the file keeps a migration from beginning: nothing is changed, no copy is left, and it is STORE_BUSY', () => {
  using dir = createTempDir();
  const path = dir.at('coppice.db');
  openFixture(path, 1).close();
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  const open = (): Store => new Store({ path, backupDir: dir.at('backups'), clock: createManualClock(), random: () => 0.5 });
  expect(open).toThrow(expect.objectContaining({ kind: 'STORE_BUSY' }));
  expect(readdirSync(dir.at('backups'))).toEqual([]);
  other.exec('ROLLBACK');
  other.close();
  open().close();
  expect(readdirSync(dir.at('backups'))).toHaveLength(1);
});
