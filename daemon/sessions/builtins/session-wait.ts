// Waits for a text on the screen, or for the end of the terminal's shell. Output wakes it up; nothing is polled.
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { Failure, isFailure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import { numberArg, textArg, wrong } from './arguments.ts';
import type { Builtin, BuiltinCall, BuiltinDeps } from './builtin.ts';
import { ownPane, ownTerminal } from './own-terminal.ts';

const defaultSeconds = 60;
/** A flood of output is looked at this often at most. */
const pauseMs = 100;
const historyLines = 1_000;

/** `pattern` (an expression), else the end of the shell; `timeout` in seconds; `window`. What is on the screen already counts. */
export const sessionWait: Builtin = async (call, deps) => {
  const { args, context, print } = call;
  const seconds = numberArg(args, 'timeout', 0.01, limits.sessionWaitSeconds) ?? defaultSeconds;
  const pattern = expression(textArg(args, 'pattern'));
  const what = pattern ? `"${pattern.source}" on the screen` : 'the end of the terminal';
  if (!pattern && !context.terminal) {
    print('the terminal has ended');
    return undefined;
  }
  const expired = AbortSignal.timeout(Math.ceil(seconds * 1_000));
  const stop = AbortSignal.any([call.signal, expired]);
  try {
    const seen = pattern ? await waitForText(call, deps, pattern, stop) : await deps.exits.wait(ownTerminal(context).shellRunId, stop);
    print(`${what} came`);
    return seen === undefined ? undefined : { wait_match: seen };
  } catch (error) {
    // tmux knows of the end a moment before the exit file does.
    if (pattern && isFailure(error) && error.kind === 'NOT_FOUND') throw ended(pattern);
    if (!expired.aborted || call.signal.aborted) throw error;
    throw new Failure('DEADLINE_EXCEEDED', `Waited ${seconds} s for ${what}, which did not come.`, {
      details: { timeoutSeconds: seconds },
    });
  }
};

function ended(pattern: RegExp): Failure {
  return new Failure('PRECONDITION', `The terminal ended before "${pattern.source}" was on its screen.`, { details: { reason: 'ended' } });
}

function expression(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text, 'mu');
  } catch (error) {
    throw wrong('pattern', `is no regular expression: ${(error as Error).message}`);
  }
}

async function waitForText(call: BuiltinCall, deps: BuiltinDeps, pattern: RegExp, stop: AbortSignal): Promise<string> {
  const { context } = call;
  const { paneId } = await ownPane(context, deps.terminals, textArg(call.args, 'window'));
  const wake = createWake(join(context.session.artifactDir, 'logs'));
  const gone = deps.exits.wait(ownTerminal(context).shellRunId, stop).then(() => 'gone' as const);
  gone.catch(() => {});
  const look = async (): Promise<string | undefined> =>
    pattern.exec(await deps.tmux.capture({ paneId, historyLines }))?.[0].slice(0, 1_000);
  try {
    for (;;) {
      // Armed before looking: what is written in between wakes it.
      const woken = wake.next();
      const found = await look();
      if (found !== undefined) return found;
      if ((await Promise.race([woken, gone])) === 'gone') throw ended(pattern);
      await Promise.race([new Promise((resolve) => deps.clock.after(pauseMs, () => resolve(undefined))), gone]);
      if (stop.aborted) throw stop.reason;
    }
  } finally {
    wake.close();
  }
}

/** Resolves when any log of the session changes. */
function createWake(folder: string): { next(): Promise<'woken'>; close(): void } {
  let ring: () => void = () => {};
  const watcher: FSWatcher = watch(folder, { persistent: false }, () => ring());
  // Without it the deadline still ends the wait.
  watcher.on('error', () => undefined);
  return {
    next: () =>
      new Promise((resolve) => {
        ring = () => resolve('woken');
      }),
    close: () => watcher.close(),
  };
}
