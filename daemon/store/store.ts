// The store is the truth: everything the daemon claims is read from here, and a fact and its events are one transaction.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { Failure } from '../../schemas/errors.ts';
import { RetryConfig } from '../../schemas/retry.ts';
import { policyOf } from '../kernel/again.ts';
import { isBusy } from '../kernel/classify.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { RetryPolicy, RetryStatus } from '../kernel/retry.ts';
import { storageTold } from '../kernel/storage.ts';
import { damageFailure, isDamaged } from './damage.ts';
import { type Db, openDatabase, settleDatabase, versionOf } from './database.ts';
import type { LoggedEvent } from './event-log.ts';
import { assertNotNewer, migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { createReader, createWriter, type Reader, type Writer } from './parts.ts';
import { createWriteQueue, type Sync, type WriteQueue } from './transaction.ts';

export type { Reader, Writer } from './parts.ts';

export interface StoreOptions {
  readonly path: string;
  readonly backupDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Asked at each retry that begins; default: that of the configuration without a file. */
  readonly writePolicy?: () => RetryPolicy;
  readonly onBusy?: (status: RetryStatus) => void;
  /** Begins to measure a read or a write; what it answers is called at its end. */
  readonly span?: (operation: 'store.read' | 'store.write') => (failed?: boolean) => void;
}

/** Of the database in all; `walBytes` is what waits beside it for the next checkpoint. */
export interface StoreSize {
  readonly pages: number;
  readonly freePages: number;
  readonly pageBytes: number;
  readonly bytes: number;
  readonly freeBytes: number;
  readonly walBytes: number;
}

export class Store {
  readonly #db: Db;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #queue: WriteQueue;
  readonly #span: NonNullable<StoreOptions['span']>;
  readonly #listeners = new Set<(events: readonly LoggedEvent[]) => void>();
  /** What the transaction that runs has appended so far. */
  readonly #appended: LoggedEvent[] = [];
  #commits = 0;

  /** Throws STORE_BUSY while another process holds the file; then all of it can be tried again. */
  constructor(options: StoreOptions) {
    const { clock } = options;
    this.#path = options.path;
    this.#clock = clock;
    this.#db = open(options);
    this.#span = options.span ?? (() => () => {});
    this.#reader = createReader(this.#db);
    this.#writer = createWriter(this.#db, () => clock.now(), this.#appended);
    this.#queue = createWriteQueue({
      db: this.#db,
      clock,
      random: options.random,
      policy: options.writePolicy ?? (() => policyOf(RetryConfig.parse({}).store_write)),
      onBusy: options.onBusy ?? (() => {}),
      gathered: this.#appended,
      onCommit: () => this.#publish(),
    });
  }

  /** Runs `fn` against what is committed. It must not keep the reader. */
  read<T>(fn: (reader: Reader) => Sync<T>): T {
    const end = this.#span('store.read');
    let failed = true;
    try {
      const value = fn(this.#reader);
      failed = false;
      return value;
    } finally {
      end(failed);
    }
  }

  /**
   * Runs `fn` in a transaction and resolves once it is committed and published. A throw rolls back all that `fn` did. `fn` may run more
   * than once, so it must touch nothing but the writer.
   */
  write<T>(fn: (writer: Writer) => Sync<T>): Promise<T> {
    return this.#queue.add(() => fn(this.#writer), this.#span('store.write'));
  }

  /** Writes that wait for their commit. */
  get queueLength(): number {
    return this.#queue.length;
  }

  /** Grows with each commit: what was read at one count holds as long as it stands. */
  get commits(): number {
    return this.#commits;
  }

  /** Called after each commit that brought events, with these, in order. */
  onEvents(listener: (events: readonly LoggedEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  size(): StoreSize {
    const number = (name: string): number => Number(this.#db.pragma(name, { simple: true }));
    const [pages, freePages, pageBytes] = [number('page_count'), number('freelist_count'), number('page_size')];
    const wal = `${this.#path}-wal`;
    const walBytes = existsSync(wal) ? statSync(wal).size : 0;
    return { pages, freePages, pageBytes, bytes: pages * pageBytes, freeBytes: freePages * pageBytes, walBytes };
  }

  /** The number of the last migration. */
  get version(): number {
    return migrations.at(-1)?.version ?? 0;
  }

  /** Gives up to `pages` free pages back, as a write like any other. Answers how long that held the event loop, in milliseconds. */
  giveBack(pages: number): Promise<number> {
    return this.#queue.add(() => {
      const begun = this.#clock.monotonicMs();
      // All rows are read: the pragma frees one page for each.
      this.#db.pragma(`incremental_vacuum(${pages})`);
      return this.#clock.monotonicMs() - begun;
    });
  }

  /** Writes that still wait are committed if that is possible at once, and refused otherwise. */
  close(): void {
    if (!this.#db.open) return;
    this.#queue.close();
    try {
      settleDatabase(this.#db);
    } catch (error) {
      // What another process holds stays in the log of SQLite, where the next start finds it.
      if (!isBusy(error)) throw error;
    } finally {
      this.#db.close();
    }
  }

  #publish(): void {
    this.#commits += 1;
    const events = this.#appended.splice(0);
    if (events.length === 0) return;
    for (const listener of this.#listeners) listener(events);
  }
}

function open({ path, backupDir, clock }: StoreOptions): Db {
  mkdirSync(backupDir, { recursive: true, mode: 0o700 });
  let db: Db | undefined;
  try {
    assertNotNewer(versionOf(path), migrations, path);
    db = openDatabase(path);
    migrate(db, migrations, { dir: backupDir, stamp: isoTime(clock.now()).replaceAll(/[:.]/g, '-') });
    return db;
  } catch (error) {
    const failure = isDamaged(error)
      ? damageFailure(path, backupDir, error)
      : isBusy(error)
        ? busyAtOpen(path, error)
        : storageTold(error, path);
    db?.close();
    throw failure;
  }
}

function busyAtOpen(path: string, cause: unknown): Failure {
  return new Failure('STORE_BUSY', `Another process holds the database "${path}"; end it (fuser tells which) and start again.`, { cause });
}
