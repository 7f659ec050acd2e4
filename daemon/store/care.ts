// A program of its own for what takes as long as the database is big: looking at all of it, copying it, emptying SQLite's log into it.
// In the daemon this would hold the event loop. Takes a task as its only argument and prints one line of JSON.
import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

export type CareTask =
  | { readonly do: 'check'; readonly path: string; readonly most: number }
  | { readonly do: 'backup'; readonly path: string; readonly target: string }
  | { readonly do: 'checkpoint'; readonly path: string };

export interface Problem {
  readonly kind: 'integrity' | 'reference';
  readonly message: string;
}

export interface CareResults {
  /** At most as many as asked for. */
  readonly check: { readonly problems: readonly Problem[] };
  readonly backup: { readonly sizeBytes: number };
  readonly checkpoint: Record<string, never>;
}

export type CareAnswer<K extends CareTask['do'] = CareTask['do']> =
  | { readonly result: CareResults[K] }
  | { readonly error: { readonly code: string; readonly message: string } };

/** Here nobody waits for the event loop, so the driver may. */
const lockWaitMs = 2_000;

function check({ path, most }: Extract<CareTask, { do: 'check' }>): CareResults['check'] {
  const db = new Database(path, { readonly: true, timeout: lockWaitMs });
  try {
    const found = db.pragma(`integrity_check(${most})`) as { integrity_check: string }[];
    const broken = db
      .prepare<[number], { table: string; rowid: number | null; parent: string }>('SELECT * FROM pragma_foreign_key_check LIMIT ?')
      .all(most);
    const problems: Problem[] = [
      ...found.filter((row) => row.integrity_check !== 'ok').map((row) => ({ kind: 'integrity' as const, message: row.integrity_check })),
      ...broken.map(({ table, rowid, parent }) => ({
        kind: 'reference' as const,
        message: `row ${rowid ?? ''} of "${table}" refers to one of "${parent}" that is not there`,
      })),
    ];
    return { problems: problems.slice(0, most) };
  } catch (error) {
    // So damaged that it cannot even be looked through.
    if (!codeOf(error).startsWith('SQLITE_CORRUPT')) throw error;
    return { problems: [{ kind: 'integrity', message: (error as Error).message }] };
  } finally {
    db.close();
  }
}

/** The target is there whole, looked through and on the disk, or not at all. */
function backup({ path, target }: Extract<CareTask, { do: 'backup' }>): CareResults['backup'] {
  if (existsSync(target)) throw Object.assign(new Error(`"${target}" exists already`), { code: 'EEXIST' });
  const unfinished = `${target}.new`;
  rmSync(unfinished, { force: true });
  const db = new Database(path, { readonly: true, timeout: lockWaitMs });
  try {
    db.prepare('VACUUM INTO ?').run(unfinished);
    chmodSync(unfinished, 0o600);
    assertSound(unfinished);
    sync(unfinished);
    renameSync(unfinished, target);
    sync(dirname(target));
    return { sizeBytes: statSync(target).size };
  } finally {
    db.close();
    rmSync(unfinished, { force: true });
  }
}

/**
 * First what holds up nobody: after it, all that was committed before outlives a power cut. Then, for a moment, writers too, so that the
 * log ends up empty, if nobody reads it just now.
 */
function checkpoint({ path }: Extract<CareTask, { do: 'checkpoint' }>): CareResults['checkpoint'] {
  const db = new Database(path, { fileMustExist: true, timeout: lockWaitMs });
  try {
    const [done] = db.pragma('wal_checkpoint(PASSIVE)') as { busy: number }[];
    if (done?.busy !== 0) throw Object.assign(new Error('another checkpoint is under way'), { code: 'SQLITE_BUSY' });
    db.pragma('wal_checkpoint(TRUNCATE)');
    return {};
  } finally {
    db.close();
  }
}

function assertSound(path: string): void {
  const db = new Database(path, { readonly: true });
  try {
    // Not the quick one: it does not look whether an index has all of its rows.
    const found = db.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' });
  } finally {
    db.close();
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

function answer(task: CareTask): CareAnswer {
  try {
    if (task.do === 'check') return { result: check(task) };
    return { result: task.do === 'backup' ? backup(task) : checkpoint(task) };
  } catch (error) {
    const code = codeOf(error);
    // A bug ends the program with its stack.
    if (code === '') throw error;
    return { error: { code, message: (error as Error).message } };
  }
}

process.stdout.write(`${JSON.stringify(answer(JSON.parse(process.argv[2] ?? '') as CareTask))}\n`);
