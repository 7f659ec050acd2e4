// Tells when a step ended, by one watch on the folder of step files. Raw fs.watch: stats and timers would cost more
// than the whole way from death to knowledge (2 ms).
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';

export interface ExitWatch {
  /** Resolves when the exit file of the step is there, also when it is already. */
  wait(id: string, signal?: AbortSignal): Promise<void>;
  /** Resolves when the wrapper has told its pids, or has ended without a child. */
  waitStarted(id: string, signal?: AbortSignal): Promise<void>;
  /** Resolves when the log of a terminal's run has its last byte. */
  waitLogged(id: string, signal?: AbortSignal): Promise<void>;
  /** Stops watching; who still waits is refused with SHUTTING_DOWN. */
  close(): void;
}

export interface ExitWatchOptions {
  readonly dir: string;
}

interface Waiter {
  readonly names: readonly string[];
  resolve(): void;
  reject(error: Failure): void;
}

export function createExitWatch({ dir }: ExitWatchOptions): ExitWatch {
  const waiters = new Map<string, Set<Waiter>>();
  let closed = false;
  let eventsThisTurn = 0;
  let watcher: FSWatcher | undefined = arm();

  function arm(): FSWatcher {
    const armed = watch(dir, { persistent: false }, (_type, name) => {
      if (name === null) return rescan();
      countEvent();
      if (waiters.has(name)) settle(name);
    });
    armed.on('error', () => {
      armed.close();
      if (watcher === armed) watcher = undefined;
      rescan();
    });
    return armed;
  }

  // The kernel drops events past its queue (16384) and libuv does not say so; a flood is the only sign of it.
  function countEvent(): void {
    if (eventsThisTurn++ > 0) return;
    setImmediate(() => {
      if (eventsThisTurn >= floodEvents) rescan();
      eventsThisTurn = 0;
    });
  }

  function rescan(): void {
    for (const name of [...waiters.keys()]) settle(name);
  }

  // The event of an unlink looks like that of a rename, so the file is looked at.
  function settle(name: string): void {
    if (!existsSync(join(dir, name))) return;
    for (const waiter of waiters.get(name) ?? []) waiter.resolve();
  }

  function waitForAny(names: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(closedFailure());
      const leave = () => {
        signal?.removeEventListener('abort', onAbort);
        for (const name of names) drop(waiters, name, waiter);
      };
      const waiter: Waiter = {
        names,
        resolve: () => {
          leave();
          resolve();
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => waiter.reject(new Failure('CANCELLED', 'The wait for the end of a step was cancelled.'));
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      watcher ??= arm();
      for (const name of names) add(waiters, name, waiter);
      // Looked at after joining the waiters, so that a file that comes in between is seen by one of the two.
      for (const name of names) settle(name);
    });
  }

  return {
    wait: (id, signal) => waitForAny([`${id}.exit`], signal),
    waitStarted: (id, signal) => waitForAny([`${id}.pid`, `${id}.exit`], signal),
    waitLogged: (id, signal) => waitForAny([`${id}.logged`], signal),
    close() {
      closed = true;
      watcher?.close();
      for (const waiter of new Set([...waiters.values()].flatMap((set) => [...set]))) waiter.reject(closedFailure());
    },
  };
}

const floodEvents = 4096;

const closedFailure = (): Failure => new Failure('SHUTTING_DOWN', 'The daemon is stopping; wait again when it is back.');

function add(waiters: Map<string, Set<Waiter>>, name: string, waiter: Waiter): void {
  const set = waiters.get(name);
  if (set) set.add(waiter);
  else waiters.set(name, new Set([waiter]));
}

function drop(waiters: Map<string, Set<Waiter>>, name: string, waiter: Waiter): void {
  const set = waiters.get(name);
  set?.delete(waiter);
  if (set?.size === 0) waiters.delete(name);
}
