// Starts a step that needs no terminal. The wrapper leads a session of its own and writes to the log itself, so that neither the death
// of the daemon nor a full pipe touches the step.
import { closeSync, constants, openSync } from 'node:fs';
import { execa } from 'execa';
import { Failure } from '../../schemas/errors.ts';
import type { StepFiles } from './step-files.ts';

export interface StartedStep {
  readonly wrapperPid: number;
  /** Resolves when the wrapper is gone: without an exit file by then, somebody killed it. */
  readonly gone: Promise<void>;
}

export interface StartStepOptions {
  readonly files: Pick<StepFiles, 'wrapperArgv'>;
  /** A step whose spec is written. */
  readonly id: string;
  /** Standard output and error are appended to it. */
  readonly logPath: string;
}

/** A step may have put a pipe where a later log goes: opening that must fail, not wait for a reader. */
export const logFlags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export async function startStepProcess({ files, id, logPath }: StartStepOptions): Promise<StartedStep> {
  const [perl, ...args] = files.wrapperArgv(id);
  // Synchronous, since an open descriptor that waits for the loop leaks into whatever is started meanwhile.
  const log = openSync(logPath, logFlags, 0o600);
  try {
    // execa takes any descriptor; its types know only the first ten.
    const output = log as 3;
    const child = execa(perl, args, {
      cwd: '/',
      env: {},
      extendEnv: false,
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
      stdin: 'ignore',
      stdout: output,
      stderr: output,
    });
    if (child.pid === undefined) {
      const { originalMessage: remedy = 'perl did not start', code, cause } = await child;
      // A machine that has no process left at the moment says nothing about perl.
      if (code !== 'ENOENT' && code !== 'EACCES') throw cause;
      throw new Failure('TOOL_MISSING', `The step '${id}' cannot start: '${perl}' did not run; install it: apt install perl.`, {
        details: { tool: 'perl', remedy },
      });
    }
    child.unref();
    return { wrapperPid: child.pid, gone: child.then(() => undefined) };
  } finally {
    closeSync(log);
  }
}
