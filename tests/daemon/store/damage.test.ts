// A damaged database: told at the start, kept as it is, and never replaced by an empty one.
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { isDamaged } from '../../../daemon/store/damage.ts';
import { Store } from '../../../daemon/store/store.ts';
import { isFailure } from '../../../schemas/errors.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { writeSampleRows } from '../../helpers/sample-rows.ts';
import { createTempDir, type TempDir } from '../../helpers/temp-dir.ts';

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function open(dir: TempDir): Store {
  return new Store({ path: dir.at('coppice.db'), backupDir: dir.at('backups'), clock: createManualClock(), random: () => 0.5 });
}

async function writeDatabase(dir: TempDir): Promise<string> {
  const store = open(dir);
  await writeSampleRows(store);
  store.close();
  return dir.at('coppice.db');
}

function failureOfOpen(dir: TempDir) {
  try {
    open(dir).close();
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
  throw new Error('it opened');
}

function overwrite(path: string, bytes: Uint8Array, position: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}

test.each<[string, string, (path: string) => void]>([
  ['a file of something else', 'SQLITE_NOTADB', (path) => writeFileSync(path, 'no database at all, but long enough to be one'.repeat(200))],
  ['a first page that was overwritten', 'SQLITE_CORRUPT', (path) => overwrite(path, new Uint8Array(3000).fill(0xaa), 100)],
  ['a file that was cut off', 'SQLITE_CORRUPT', (path) => truncateSync(path, 8192)],
])('%s is refused, not a byte of it changes, and a copy of it is kept', async (_, code, damage) => {
  using dir = createTempDir();
  const path = await writeDatabase(dir);
  damage(path);
  const before = sha256(path);
  const error = failureOfOpen(dir);
  expect(error).toMatchObject({ kind: 'DB_CORRUPT', details: { path, backup: null }, cause: { code: expect.stringContaining(code) } });
  expect(error.message).toContain('There is no backup; move it and its "-wal" file away to begin with an empty one.');
  expect(sha256(path)).toBe(before);
  const { copy } = error.details as { copy: string };
  expect(sha256(copy)).toBe(before);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  // However often it is tried, there is one copy of it.
  failureOfOpen(dir);
  expect(readdirSync(dir.at('damaged'))).toHaveLength(1);
});

test('the last backup that is sound is named with the command that brings it back, and the command does', async () => {
  using dir = createTempDir();
  const path = await writeDatabase(dir);
  copyFileSync(path, dir.at('backups', 'good.db'));
  writeFileSync(dir.at('backups', 'newer-but-damaged.db'), 'x'.repeat(5000));
  overwrite(path, new Uint8Array(4096).fill(1), 0);
  const error = failureOfOpen(dir);
  expect(error.details).toMatchObject({ backup: dir.at('backups', 'good.db') });
  // One line: the log and whoever starts the daemon show the last one.
  expect(error.message).not.toContain('\n');
  const [, command = ''] = /run (rm .* && cp .*), then start again/.exec(error.message) ?? [];
  const { execFileSync } = await import('node:child_process');
  execFileSync('sh', ['-c', command]);
  const store = open(dir);
  expect(store.read((r) => r.projects.names())).toEqual(['demo']);
  store.close();
});

test('what waits in the log of SQLite is kept with the copy', async () => {
  using dir = createTempDir();
  const path = await writeDatabase(dir);
  writeFileSync(`${path}-wal`, 'left by a crash');
  overwrite(path, new Uint8Array(3000).fill(0xaa), 100);
  const { copy } = failureOfOpen(dir).details as { copy: string };
  expect(readFileSync(`${copy}-wal`, 'utf8')).toBe('left by a crash');
  expect(readFileSync(`${path}-wal`, 'utf8')).toBe('left by a crash');
});

test('without a place for the copy the damage is still what is told', async () => {
  using dir = createTempDir();
  const path = await writeDatabase(dir);
  writeFileSync(dir.at('damaged'), 'a file is in the way');
  overwrite(path, new Uint8Array(4096).fill(1), 0);
  const error = failureOfOpen(dir);
  expect(error).toMatchObject({ kind: 'DB_CORRUPT', details: { copy: null } });
  expect(error.message).toContain('copy it before you do');
  expect(existsSync(path)).toBe(true);
});

test.each([
  [Object.assign(new Error('x'), { code: 'SQLITE_CORRUPT_INDEX' }), true],
  [Object.assign(new Error('x'), { code: 'SQLITE_NOTADB' }), true],
  [Object.assign(new Error('x'), { code: 'SQLITE_IOERR' }), false],
  [new Error('SQLITE_CORRUPT'), false],
  ['SQLITE_CORRUPT', false],
])('%o is damage: %s', (error, damaged) => {
  expect(isDamaged(error)).toBe(damaged);
});
