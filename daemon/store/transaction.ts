import { Failure } from '../../schemas/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import { backoffMs, type RetryPolicy } from '../kernel/retry.ts';
import { type Db, isBusy } from './database.ts';

/** A promise as the value of a transaction is a bug: nothing may wait while the lock is held. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

interface Job {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriteQueueDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly policy: () => RetryPolicy;
  /** Runs after each commit, before any caller learns of it. */
  readonly onCommit: () => void;
  readonly onBusy: (attempt: number, delayMs: number) => void;
}

export interface WriteQueue {
  add<T>(run: () => Sync<T>): Promise<T>;
  readonly length: number;
}

const batchSize = 256;

/**
 * Group commit: all writes of one turn of the event loop share one IMMEDIATE transaction, each inside a savepoint, so that one that
 * fails takes nobody along. While another process holds the lock the whole batch waits between turns and is run again from the start;
 * nothing sleeps inside a transaction.
 */
export function createWriteQueue(deps: WriteQueueDeps): WriteQueue {
  const { db } = deps;
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const savepoint = db.prepare('SAVEPOINT job');
  const release = db.prepare('RELEASE job');
  const undo = db.prepare('ROLLBACK TO job');
  let jobs: Job[] = [];
  let scheduled = false;
  let attempt = 0;

  const schedule = (): void => {
    if (scheduled || jobs.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  };
  const flush = (): void => {
    scheduled = false;
    const batch = jobs.slice(0, batchSize);
    try {
      begin.run();
    } catch (error) {
      waitOrFail(batch, error);
      return;
    }
    const settle: (() => void)[] = [];
    try {
      for (const job of batch) settle.push(runJob(job));
      commit.run();
    } catch (error) {
      if (db.inTransaction) rollback.run();
      waitOrFail(batch, error);
      return;
    }
    attempt = 0;
    jobs = jobs.slice(batch.length);
    try {
      deps.onCommit();
    } finally {
      // What is committed is told to its callers, whatever a listener did.
      for (const done of settle) done();
      schedule();
    }
  };
  const runJob = (job: Job): (() => void) => {
    savepoint.run();
    try {
      const value = job.run();
      release.run();
      return () => job.resolve(value);
    } catch (error) {
      // A full disk and the like end the whole transaction by themselves: then nobody in it has written anything.
      if (!db.inTransaction) throw error;
      undo.run();
      release.run();
      return () => job.reject(error);
    }
  };
  const waitOrFail = (batch: readonly Job[], error: unknown): void => {
    const policy = deps.policy();
    attempt += 1;
    if (isBusy(error) && attempt < policy.maxAttempts) {
      const delayMs = backoffMs(policy, attempt, deps.random());
      deps.onBusy(attempt, delayMs);
      scheduled = true;
      deps.clock.after(delayMs, flush);
      return;
    }
    attempt = 0;
    jobs = jobs.slice(batch.length);
    for (const job of batch) job.reject(isBusy(error) ? storeBusy(error) : error);
    schedule();
  };
  return {
    add: <T>(run: () => Sync<T>) =>
      new Promise<T>((resolve, reject) => {
        jobs.push({ run, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    get length() {
      return jobs.length;
    },
  };
}

function storeBusy(cause: unknown): Failure {
  return new Failure(
    'STORE_BUSY',
    'Another process holds the database lock; nothing was written. Find it with "fuser coppice.db" and call again.',
    { cause },
  );
}
