// Runs programs through spawner.pl, which forks in no time: a fork of the daemon would stop all it does until its many pages are copied.
// It is started with the first program, and again after somebody has killed it.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { createReplyReader, type Order, type Program, type ProgramEnd, runOrder, type Stream } from './spawner-wire.ts';

/** What is heard of a program, in this order. Nothing comes before `run` has answered, and either `ended` or `lost` comes once. */
export interface Hearing {
  started?(pid: number): void;
  output?(stream: Stream, bytes: Buffer): void;
  /** It has ended, and something else holds its pipes: it is over when those close, or at `settle`. */
  left?(): void;
  ended(end: ProgramEnd): void;
  /** Nobody knows how it ends: the spawner is gone, or could not be started. */
  lost(why: SpawnerGone): void;
}

export interface SpawnerGone {
  /** Perl is not there, so that the next try will be lost too. */
  readonly missing: boolean;
  /** `ended by SIGKILL`, and what it said last. */
  readonly how: string;
}

export interface Spawner {
  /** Starts a program in a session of its own, and gives what orders are given to it by. */
  run(program: Program, hearing: Hearing): (order: Order) => void;
  /** Ends the spawner, once those programs have ended whose output the daemon hears; the others live on. */
  close(): void;
}

export interface SpawnerOptions {
  readonly perlPath?: string;
  readonly programPath: string;
  readonly searchPath?: string | undefined;
}

export function createSpawner(options: SpawnerOptions): Spawner {
  let server: Server | undefined;
  let closed = false;
  return {
    run(program, hearing) {
      try {
        if (server === undefined || server.isOver()) server = startServer(options);
      } catch (error) {
        // The machine has no memory left for it.
        queueMicrotask(() => hearing.lost({ missing: false, how: couldNot(error) }));
        return () => {};
      }
      const order = server.run(program, hearing);
      if (closed) server.close();
      return order;
    },
    close() {
      closed = true;
      server?.close();
    },
  };
}

interface Server extends Spawner {
  /** Takes no more programs. */
  isOver(): boolean;
}

interface Run {
  readonly hearing: Hearing;
  /** The daemon waits for it, and lives until then. */
  readonly isHeard: boolean;
  pid?: number;
}

function startServer({ perlPath = '/usr/bin/perl', programPath, searchPath }: SpawnerOptions): Server {
  const child = spawn(perlPath, [programPath], {
    env: searchPath === undefined ? {} : { PATH: searchPath },
    detached: true,
    stdio: 'pipe',
  });
  const runs = new Map<number, Run>();
  let lastId = 0;
  let isClosing = false;
  let isOver = false;
  let said = '';

  const isWaited = (): boolean => [...runs.values()].some(({ isHeard }) => isHeard);
  const endIfIdle = (): void => {
    if (!isClosing || isOver || isWaited()) return;
    isOver = true;
    child.stdin.end();
  };
  const forget = (id: number): Run | undefined => {
    const run = runs.get(id);
    runs.delete(id);
    hold(child, isWaited());
    endIfIdle();
    return run;
  };
  const gone = (why: SpawnerGone): void => {
    isOver = true;
    for (const [id, { hearing, isHeard, pid }] of [...runs]) {
      forget(id);
      if (isHeard && pid !== undefined) askGroup(pid);
      hearing.lost(why);
    }
  };
  const read = createReplyReader({
    pid(id, pid) {
      const run = runs.get(id);
      if (run) run.pid = pid;
      run?.hearing.started?.(pid);
    },
    output: (id, stream, bytes) => runs.get(id)?.hearing.output?.(stream, bytes),
    left: (id) => runs.get(id)?.hearing.left?.(),
    end: (id, end) => forget(id)?.hearing.ended(end),
  });

  child.once('error', (error: NodeJS.ErrnoException) => {
    gone({ missing: error.code === 'ENOENT' || error.code === 'EACCES', how: couldNot(error) });
  });
  // Without a pid there may be no pipes either.
  if (child.pid !== undefined) {
    child.once('close', (code, signal) => gone({ missing: false, how: `ended with ${signal ?? code}${said && `: ${said.trim()}`}` }));
    child.stdout.on('data', read);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-lastWordsChars);
    });
    // What is written to one that has just ended fails here too; `close` tells it.
    child.stdin.on('error', () => {});
    hold(child, false);
    for (const stream of [child.stdin, child.stderr]) (stream as Socket).unref();
  }
  return {
    isOver: () => isOver,
    run(program, hearing) {
      lastId += 1;
      const id = lastId;
      runs.set(id, { hearing, isHeard: program.logPath === undefined });
      if (child.pid === undefined) return () => {};
      hold(child, isWaited());
      child.stdin.cork();
      for (const part of runOrder(id, program)) child.stdin.write(part);
      child.stdin.uncork();
      return (order) => {
        if (runs.has(id) && !isOver) child.stdin.write(`${order} ${id}\n`);
      };
    },
    close() {
      isClosing = true;
      endIfIdle();
    },
  };
}

const lastWordsChars = 500;

const couldNot = (error: unknown): string => `could not be started: ${error instanceof Error ? error.message : String(error)}`;

/** Node ends when nothing that it waits for is left. */
function hold(child: ChildProcess & { readonly stdout: Readable }, isWaited: boolean): void {
  for (const thing of [child, child.stdout as Socket]) {
    if (isWaited) thing.ref();
    else thing.unref();
  }
}

// Nobody hears it any more, and who hears that it is lost may run it again. It ran a moment ago, and the kernel gives its number to
// another only after all the others.
function askGroup(leaderPid: number): void {
  try {
    process.kill(-leaderPid, 'SIGTERM');
  } catch {
    // Nothing of it is left (ESRCH), or it became another user's (EPERM), whose end is not ours to bring about.
  }
}
