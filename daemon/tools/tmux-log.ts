// The log of a pane: a `cat` that tmux feeds with every byte it reads. Closing that pipe drops what tmux has not handed over yet, so the
// end of a log waits until all of it has arrived.
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '../../schemas/errors.ts';
import { shellWord } from '../kernel/shell-word.ts';
import { isAlive, isAsleep, nameOf } from './proc.ts';
import type { TmuxCommand, TmuxControl } from './tmux-control.ts';

export interface TmuxLog {
  /** To run in one line with the command that made the pane: the server reads nothing of the pane in between, so no byte is missed. */
  startCommands(target: string, logPath: string): TmuxCommand[];
  /** For a command that lists panes: the id of one whose log is still written, and nothing for any other. */
  readonly openFormat: string;
  /** Waits for the last byte and closes the log. False when a background process still holds the terminal, or something hung. */
  finish(paneId: string, deadlineMs: number): Promise<boolean>;
  /** Of a pane that tmux has closed while it was read: waits for the end of its reader, and forgets it. */
  close(paneId: string): Promise<void>;
  /** Forgets readers that ended while nobody looked. */
  sweep(): Promise<void>;
}

export interface TmuxLogOptions {
  readonly control: TmuxControl;
  /** A folder of mode 0700 for the pids of the readers. */
  readonly runDir: string;
  readonly sleep: (ms: number) => Promise<unknown>;
}

export function createTmuxLog({ control, runDir, sleep }: TmuxLogOptions): TmuxLog {
  const readerPath = (paneId: string): string => join(runDir, `${paneId}.reader`);

  /** Growing checks until one says true or the time is over; at least one. */
  async function until(check: () => Promise<boolean>, deadlineMs: number): Promise<boolean> {
    for (let waitedMs = 0, pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 25)) {
      if (await check()) return true;
      if (waitedMs >= deadlineMs) return false;
      await sleep(pauseMs);
      waitedMs += pauseMs;
    }
  }

  async function paneIsDead(paneId: string): Promise<boolean> {
    const [state] = await control.command('display-message', '-p', '-t', paneId, '#{pane_dead}');
    return state === '1';
  }

  /** The pid it has told, which it does in its first moment. */
  async function readerOf(paneId: string): Promise<number | undefined> {
    let reader: number | undefined;
    await until(async () => {
      reader = await readPid(readerPath(paneId));
      return reader !== undefined;
    }, readerMs);
    return reader;
  }

  const forget = (paneId: string): Promise<void> => unlink(readerPath(paneId)).catch(() => {});

  async function isOver(paneId: string, reader: number | undefined): Promise<boolean> {
    const ended = reader === undefined || (await until(async () => !(await isAlive(reader)), readerMs));
    await forget(paneId);
    return ended;
  }

  // An answer of the server means that it has written what the pipe could take. A reader that slept before and after it, and wrote
  // nothing in between, has therefore got everything.
  async function look(paneId: string, reader: number): Promise<{ readonly dead: boolean; readonly drained: boolean }> {
    const before = (await isAsleep(reader)) ? await bytesWritten(reader) : -1;
    const dead = await paneIsDead(paneId);
    const after = (await isAsleep(reader)) ? await bytesWritten(reader) : -2;
    return { dead, drained: before === after || !(await isAlive(reader)) };
  }

  /** Waits for the end of the pane and for its last byte; false when one of them does not come. */
  async function ended(paneId: string, reader: number | undefined, deadlineMs: number): Promise<boolean> {
    if (reader === undefined) {
      await until(() => paneIsDead(paneId), deadlineMs);
      return false;
    }
    let seen = { dead: false, drained: false };
    const dead = await until(async () => {
      seen = await look(paneId, reader);
      return seen.dead;
    }, deadlineMs);
    return (seen.drained || (await until(async () => (await look(paneId, reader)).drained, readerMs))) && dead;
  }

  return {
    openFormat: `#{?#{&&:#{pane_pipe},#{!=:#{@coppice_log},${closed}}},#{pane_id},}`,
    startCommands(target, logPath) {
      const script = `umask 077; echo $$ >${shellWord(runDir)}/$P.tmp; mv -f ${shellWord(runDir)}/$P.tmp ${shellWord(runDir)}/$P.reader; exec cat >>${shellWord(logPath)}`;
      // tmux expands the command of a pipe, but not the value of an option within it.
      return [
        ['set-option', '-g', '@coppice_pipe', script],
        ['pipe-pane', '-t', target, 'P=#{pane_id}; #{@coppice_pipe}'],
      ];
    },
    async finish(paneId, deadlineMs) {
      let reader: number | undefined;
      let arrived = true;
      try {
        // The wrapper goes a moment after it wrote down the end, so there is nothing to ask before.
        await sleep(wrapperPauseMs);
        reader = await readerOf(paneId);
        arrived = await ended(paneId, reader, deadlineMs);
        // tmux 3.3a closes the pipe of no dead pane, but drops one whose reader is gone. All bytes are written by then.
        if (reader !== undefined) endReader(reader);
        // It may take its time to notice. Until then nobody is to wait for the end of this reader again; a pane that is gone has none.
        control.command('set-option', '-p', '-t', paneId, '@coppice_log', closed).catch(() => undefined);
      } catch (error) {
        // Killed by hand: tmux has closed the pipe itself.
        if (!isFailure(error) || error.kind !== 'NOT_FOUND') throw error;
        reader = await readPid(readerPath(paneId));
      }
      return (await isOver(paneId, reader)) && arrived;
    },
    close: async (paneId) => void (await isOver(paneId, await readerOf(paneId))),
    async sweep() {
      for (const name of await readdir(runDir)) {
        const paneId = /^(%\d+)\.reader$/.exec(name)?.[1];
        if (paneId === undefined) continue;
        const reader = await readPid(readerPath(paneId));
        // A pid may be somebody else's by now.
        const isThere = reader !== undefined && readerNames.includes((await nameOf(reader)) ?? '');
        if (!isThere) await forget(paneId);
      }
    },
  };
}

const readerMs = 1_000;
/** That of run-step.pl at its end, and a little. */
const wrapperPauseMs = 11;
const closed = 'closed';

/** A shell in its first moment, which becomes the other. */
const readerNames = ['sh', 'cat'];

function endReader(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself, its window being closed.
  }
}

async function readPid(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return /^\d+\n$/.test(text) ? Number(text) : undefined;
}

async function bytesWritten(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/fdinfo/1`, 'utf8').catch(() => '');
  return Number(/^pos:\s+(\d+)/.exec(text)?.[1] ?? -3);
}
