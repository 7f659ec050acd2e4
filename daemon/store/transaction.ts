import { Failure } from '../../schemas/errors.ts';
import { isBusy } from '../kernel/classify.ts';
import type { Clock } from '../kernel/clock.ts';
import { backoffMs, type RetryPolicy, type RetryStatus } from '../kernel/retry.ts';
import { storageTold } from '../kernel/storage.ts';
import type { Db } from './database.ts';

/** A promise as the value of a transaction is a bug: nothing may wait while the lock is held. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

/** Called once, before the caller learns of it. */
type OnEnd = (failed?: boolean) => void;

interface Job {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onEnd: OnEnd;
  /** Tries that found the lock taken. */
  tries: number;
  /** What it began to be tried again by. */
  policy: RetryPolicy | undefined;
}

export interface WriteQueueDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: () => number;
  /** Asked for each write when the lock is taken for the first time. */
  readonly policy: () => RetryPolicy;
  /** What the jobs of a transaction leave in memory, at its end: taken back with what they wrote. */
  readonly gathered: { length: number };
  /** Runs after each commit, before any caller learns of it. */
  readonly onCommit: () => void;
  readonly onBusy: (status: RetryStatus) => void;
}

export interface WriteQueue {
  add<T>(run: () => Sync<T>, onEnd?: OnEnd): Promise<T>;
  readonly length: number;
  /** Commits what waits if the lock is free, and refuses the rest and all that comes. */
  close(): void;
}

const batchSize = 256;

/**
 * Group commit: all writes of one turn of the event loop share one IMMEDIATE transaction. When one of them throws, all are rolled back and
 * run again, each inside a savepoint, so that one that fails takes nobody along: savepoints for all would cost as much as a small write.
 * While another process holds the lock the whole batch waits between turns and is run again from the start; nothing sleeps inside a
 * transaction. What comes meanwhile waits along, since each look at the lock holds the event loop: the oldest write says how long, and each
 * is given up after as many tries of its own as its policy has.
 */
export function createWriteQueue(deps: WriteQueueDeps): WriteQueue {
  const { db } = deps;
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const savepoint = db.prepare('SAVEPOINT job');
  const release = db.prepare('RELEASE job');
  const undo = db.prepare('ROLLBACK TO job');
  const jobs: Job[] = [];
  let scheduled = false;
  let closed = false;

  const schedule = (): void => {
    if (scheduled || jobs.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  };
  const flush = (): void => {
    scheduled = false;
    if (closed) return;
    const batch = jobs.splice(0, batchSize);
    let settle: () => void;
    try {
      settle = commitTogether(batch) ?? commitEach(batch);
    } catch (error) {
      takeBack();
      if (isBusy(error)) wait(batch, error);
      else refuse(batch, error);
      return;
    }
    try {
      deps.onCommit();
    } finally {
      // What is committed is told to its callers, whatever a listener did.
      settle();
      schedule();
    }
  };
  /** Undefined when one of them threw: then nothing is written. */
  const commitTogether = (batch: readonly Job[]): (() => void) | undefined => {
    begin.run();
    let values: readonly unknown[];
    try {
      values = batch.map(({ run }) => run());
    } catch {
      // Whose it was, and what to tell its caller, the second run finds out.
      takeBack();
      return undefined;
    }
    commit.run();
    return () => {
      for (const [at, job] of batch.entries()) succeed(job, values[at]);
    };
  };
  const commitEach = (batch: readonly Job[]): (() => void) => {
    begin.run();
    const settled = batch.map(runJob);
    commit.run();
    return () => {
      for (const settle of settled) settle();
    };
  };
  const takeBack = (): void => {
    if (db.inTransaction) rollback.run();
    deps.gathered.length = 0;
  };
  const runJob = (job: Job): (() => void) => {
    const before = deps.gathered.length;
    savepoint.run();
    try {
      const value = job.run();
      release.run();
      return () => succeed(job, value);
    } catch (error) {
      // A full disk and the like end the whole transaction by themselves: then nobody in it has written anything.
      if (!db.inTransaction) throw error;
      undo.run();
      release.run();
      deps.gathered.length = before;
      return () => fail(job, storageTold(error, db.name));
    }
  };
  const wait = (batch: readonly Job[], error: unknown): void => {
    const [spent, left]: [Job[], Job[]] = [[], []];
    for (const job of batch) {
      job.policy ??= deps.policy();
      job.tries += 1;
      (job.tries >= job.policy.maxAttempts ? spent : left).push(job);
    }
    jobs.unshift(...left);
    for (const job of spent) fail(job, storeBusy(error));
    const [oldest] = jobs;
    if (oldest?.policy === undefined) {
      // Nobody is left, or only those behind a whole batch that was given up: they have not tried yet.
      schedule();
      return;
    }
    const delayMs = backoffMs(oldest.policy, oldest.tries, deps.random());
    scheduled = true;
    deps.clock.after(delayMs, flush);
    deps.onBusy({ attempt: oldest.tries, delayMs, error });
  };
  const refuse = (batch: readonly Job[], error: unknown): void => {
    for (const job of batch) fail(job, storageTold(error, db.name));
    schedule();
  };
  return {
    add: <T>(run: () => Sync<T>, onEnd: OnEnd = () => {}) =>
      new Promise<T>((resolve, reject) => {
        const job: Job = { run, resolve: resolve as (value: unknown) => void, reject, onEnd, tries: 0, policy: undefined };
        if (closed) {
          fail(job, storeClosed());
          return;
        }
        jobs.push(job);
        schedule();
      }),
    get length() {
      return jobs.length;
    },
    close() {
      if (jobs.length > 0) flush();
      closed = true;
      for (const job of jobs.splice(0)) fail(job, storeClosed());
    },
  };
}

function succeed({ resolve, onEnd }: Job, value: unknown): void {
  onEnd();
  resolve(value);
}

function fail({ reject, onEnd }: Job, error: unknown): void {
  onEnd(true);
  reject(error);
}

function storeBusy(cause: unknown): Failure {
  return new Failure(
    'STORE_BUSY',
    'Another process holds the database lock; nothing was written. Find it with "fuser coppice.db" and call again.',
    { cause },
  );
}

function storeClosed(): Failure {
  return new Failure('SHUTTING_DOWN', 'The daemon is stopping and its database is closed; nothing was written.');
}
