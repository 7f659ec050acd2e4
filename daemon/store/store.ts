// The store is the truth: everything the daemon claims is read from here, and a fact and its events are one transaction.
import { mkdirSync } from 'node:fs';
import { Failure } from '../../schemas/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import { type RetryPolicy, retryPolicies } from '../kernel/retry.ts';
import { type Db, isBusy, openDatabase, versionOf } from './database.ts';
import { createEventReader, createEventWriter, type EventReader, type EventWriter, type LoggedEvent } from './event-log.ts';
import { createMetaReader, createMetaWriter, type MetaReader, type MetaWriter } from './meta.ts';
import { assertNotNewer, backUp, migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { createReceiptReader, createReceiptWriter, type ReceiptReader, type ReceiptWriter } from './receipts.ts';
import { type ArtifactReader, type ArtifactWriter, createArtifactReader, createArtifactWriter } from './tables/artifacts.ts';
import { type AuthFlowReader, type AuthFlowWriter, createAuthFlowReader, createAuthFlowWriter } from './tables/auth-flows.ts';
import { createGroupReader, createGroupWriter, type GroupReader, type GroupWriter } from './tables/groups.ts';
import { createLeaseReader, createLeaseWriter, type LeaseReader, type LeaseWriter } from './tables/leases.ts';
import {
  createPolicyDecisionReader,
  createPolicyDecisionWriter,
  type PolicyDecisionReader,
  type PolicyDecisionWriter,
} from './tables/policy-decisions.ts';
import { createProjectReader, createProjectWriter, type ProjectReader, type ProjectWriter } from './tables/projects.ts';
import {
  createRemovedWorktreeReader,
  createRemovedWorktreeWriter,
  type RemovedWorktreeReader,
  type RemovedWorktreeWriter,
} from './tables/removed-worktrees.ts';
import { createScheduleReader, createScheduleWriter, type ScheduleReader, type ScheduleWriter } from './tables/schedules.ts';
import { createSessionReader, createSessionWriter, type SessionReader, type SessionWriter } from './tables/sessions.ts';
import { type AttemptReader, type AttemptWriter, createAttemptReader, createAttemptWriter } from './tables/step-attempts.ts';
import { createStepReader, createStepWriter, type StepReader, type StepWriter } from './tables/step-runs.ts';
import { createTerminalReader, createTerminalWriter, type TerminalReader, type TerminalWriter } from './tables/terminals.ts';
import { createTokenReader, createTokenWriter, type TokenReader, type TokenWriter } from './tables/tokens.ts';
import { createWorktreeReader, createWorktreeWriter, type WorktreeReader, type WorktreeWriter } from './tables/worktrees.ts';
import { createWriteQueue, type Sync } from './transaction.ts';

export interface Reader {
  readonly events: EventReader;
  readonly meta: MetaReader;
  readonly receipts: ReceiptReader;
  readonly projects: ProjectReader;
  readonly worktrees: WorktreeReader;
  readonly removedWorktrees: RemovedWorktreeReader;
  readonly sessions: SessionReader;
  readonly steps: StepReader;
  readonly attempts: AttemptReader;
  readonly groups: GroupReader;
  readonly schedules: ScheduleReader;
  readonly terminals: TerminalReader;
  readonly artifacts: ArtifactReader;
  readonly leases: LeaseReader;
  readonly tokens: TokenReader;
  readonly policyDecisions: PolicyDecisionReader;
  readonly authFlows: AuthFlowReader;
}

export interface Writer extends Reader {
  readonly events: EventWriter;
  readonly meta: MetaWriter;
  readonly receipts: ReceiptWriter;
  readonly projects: ProjectWriter;
  readonly worktrees: WorktreeWriter;
  readonly removedWorktrees: RemovedWorktreeWriter;
  readonly sessions: SessionWriter;
  readonly steps: StepWriter;
  readonly attempts: AttemptWriter;
  readonly groups: GroupWriter;
  readonly schedules: ScheduleWriter;
  readonly terminals: TerminalWriter;
  readonly artifacts: ArtifactWriter;
  readonly leases: LeaseWriter;
  readonly tokens: TokenWriter;
  readonly policyDecisions: PolicyDecisionWriter;
  readonly authFlows: AuthFlowWriter;
}

export interface StoreOptions {
  readonly path: string;
  readonly backupDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly writePolicy?: () => RetryPolicy;
  readonly onBusy?: (attempt: number, delayMs: number) => void;
  /** Begins to measure a read or a write; what it answers is called at its end. */
  readonly span?: (operation: 'store.read' | 'store.write') => (failed?: boolean) => void;
}

export class Store {
  readonly #db: Db;
  readonly #backupDir: string;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #queue: ReturnType<typeof createWriteQueue>;
  readonly #span: NonNullable<StoreOptions['span']>;
  readonly #listeners = new Set<(events: readonly LoggedEvent[]) => void>();
  #publishedSeq: number;
  #commits = 0;

  constructor(options: StoreOptions) {
    const { clock } = options;
    mkdirSync(options.backupDir, { recursive: true, mode: 0o700 });
    this.#db = open(options.path);
    this.#backupDir = options.backupDir;
    this.#span = options.span ?? (() => () => {});
    const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
    try {
      migrate(this.#db, migrations, { dir: options.backupDir, stamp });
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#reader = createReader(this.#db);
    this.#writer = createWriter(this.#db, () => clock.now());
    this.#publishedSeq = this.#reader.events.lastSeq();
    this.#queue = createWriteQueue({
      db: this.#db,
      clock,
      random: options.random,
      policy: options.writePolicy ?? (() => retryPolicies.storeWrite),
      onBusy: options.onBusy ?? (() => {}),
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
    const end = this.#span('store.write');
    const written = this.#queue.add(() => fn(this.#writer));
    written.then(
      () => end(),
      () => end(true),
    );
    return written;
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

  backUp(name: string): string {
    return backUp(this.#db, this.#backupDir, name);
  }

  /** Pages of the database, those that are free, and the bytes of both. */
  size(): { pages: number; freePages: number; bytes: number; freeBytes: number } {
    const number = (name: string): number => Number(this.#db.pragma(name, { simple: true }));
    const [pages, freePages, pageBytes] = [number('page_count'), number('freelist_count'), number('page_size')];
    return { pages, freePages, bytes: pages * pageBytes, freeBytes: freePages * pageBytes };
  }

  close(): void {
    this.#db.pragma('optimize');
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  #publish(): void {
    this.#commits += 1;
    const events = this.#reader.events.page(this.#publishedSeq, Number.MAX_SAFE_INTEGER);
    const last = events.at(-1);
    if (!last) return;
    this.#publishedSeq = last.seq;
    for (const listener of this.#listeners) listener(events);
  }
}

function open(path: string): Db {
  try {
    assertNotNewer(versionOf(path), migrations, path);
    return openDatabase(path);
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new Failure('STORE_BUSY', `Another process holds the database "${path}"; end it (fuser tells which) and start again.`, {
      cause: error,
    });
  }
}

function createReader(db: Db): Reader {
  return {
    events: createEventReader(db),
    meta: createMetaReader(db),
    receipts: createReceiptReader(db),
    projects: createProjectReader(db),
    worktrees: createWorktreeReader(db),
    removedWorktrees: createRemovedWorktreeReader(db),
    sessions: createSessionReader(db),
    steps: createStepReader(db),
    attempts: createAttemptReader(db),
    groups: createGroupReader(db),
    schedules: createScheduleReader(db),
    terminals: createTerminalReader(db),
    artifacts: createArtifactReader(db),
    leases: createLeaseReader(db),
    tokens: createTokenReader(db),
    policyDecisions: createPolicyDecisionReader(db),
    authFlows: createAuthFlowReader(db),
  };
}

function createWriter(db: Db, now: () => number): Writer {
  return {
    events: createEventWriter(db, now),
    meta: createMetaWriter(db),
    receipts: createReceiptWriter(db, now),
    projects: createProjectWriter(db),
    worktrees: createWorktreeWriter(db),
    removedWorktrees: createRemovedWorktreeWriter(db),
    sessions: createSessionWriter(db),
    steps: createStepWriter(db),
    attempts: createAttemptWriter(db),
    groups: createGroupWriter(db),
    schedules: createScheduleWriter(db),
    terminals: createTerminalWriter(db),
    artifacts: createArtifactWriter(db),
    leases: createLeaseWriter(db),
    tokens: createTokenWriter(db),
    policyDecisions: createPolicyDecisionWriter(db),
    authFlows: createAuthFlowWriter(db),
  };
}
