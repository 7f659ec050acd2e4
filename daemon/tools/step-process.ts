// Starts a step that needs no terminal. The wrapper leads a session of its own and writes to the log itself, so that neither the death
// of the daemon nor that of the spawner nor a full pipe touches the step.
import { constants } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Failure } from '../../schemas/errors.ts';
import { isAlive, startTimeOf } from './proc.ts';
import type { Spawner } from './spawner.ts';
import type { ProgramEnd } from './spawner-wire.ts';
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

export async function startStepProcess(spawner: Spawner, { files, id, logPath }: StartStepOptions): Promise<StartedStep> {
  const argv = files.wrapperArgv(id);
  const [perl] = argv;
  return new Promise((resolve, reject) => {
    let pid: number | undefined;
    let isGone = (): void => {};
    const gone = new Promise<void>((settle) => {
      isGone = settle;
    });
    spawner.run(
      { cwd: '/', argv, env: {}, logPath },
      {
        started(wrapperPid) {
          pid = wrapperPid;
          resolve({ wrapperPid, gone });
        },
        ended(end) {
          isGone();
          if (end.kind === 'error') reject(failureOf(end, { id, perl, logPath }));
        },
        lost({ missing, how }) {
          // The wrapper lives on without whoever started it.
          if (pid !== undefined) return void watchUntilDead(pid).then(isGone);
          reject(
            missing
              ? missingPerl(id, 'perl')
              : new Failure('UNAVAILABLE', `What runs programs for the daemon ${how}; start step '${id}' again.`),
          );
        },
      },
    );
  });
}

function failureOf({ about, code }: ProgramEnd & { kind: 'error' }, at: { id: string; perl: string; logPath: string }): Error {
  if (about === 'log') return systemError(`The log '${at.logPath}' of step '${at.id}' cannot be opened`, code, at.logPath);
  // A machine that has no process left at the moment says nothing about perl.
  if (code !== 'ENOENT' && code !== 'EACCES') return systemError(`'${at.perl}' cannot be started for step '${at.id}'`, code, at.perl);
  return missingPerl(at.id, at.perl);
}

function missingPerl(id: string, perl: string): Failure {
  return new Failure('TOOL_MISSING', `The step '${id}' cannot start: '${perl}' did not run; install it: apt install perl.`, {
    details: { tool: 'perl', remedy: 'apt install perl' },
  });
}

/** As Node's own functions would say it, so that whoever tells errors apart by their code can. */
function systemError(sentence: string, code: string, path: string): Error {
  return Object.assign(new Error(`${sentence}: ${code}`), { code, path });
}

const lookEveryMs = 250;

async function watchUntilDead(pid: number): Promise<void> {
  const startTime = await startTimeOf(pid);
  while (startTime !== undefined && (await isAlive(pid, startTime))) await setTimeout(lookEveryMs, undefined, { ref: false });
}
