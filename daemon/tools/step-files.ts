// The files through which the daemon, the wrapper of a step (run-step.pl) and the writer of its terminal's log (log-pane.pl) talk. They hold
// the truth about how a step ended, so they outlive the processes; nobody reads a screen or trusts tmux for it.
import { readFileSync, unlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../schemas/errors.ts';
import { signalName } from './signal-names.ts';
import { writeWhole } from './write-whole.ts';

export interface StepSpec {
  readonly cwd: string;
  readonly argv: readonly string[];
  /** A file to read instead of nothing or the terminal. */
  readonly stdinPath?: string;
  /** A file for standard output, written anew; standard error still goes to the log. */
  readonly stdoutPath?: string;
  readonly env: Readonly<Record<string, string>>;
}

export type StepExit =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'error'; readonly message: string }
  /** The wrapper was killed, so nobody knows. */
  | { readonly kind: 'lost' };

export interface StepPids {
  readonly wrapperPid: number;
  readonly childPid: number;
  /** When they began, which tells them from later processes of the same numbers; absent where an older wrapper did not write it. */
  readonly wrapperStart?: number;
  readonly childStart?: number;
  /** The control group that holds this step and nothing else; absent where no service manager keeps them apart. */
  readonly cgroup?: string;
}

export interface StepFiles {
  readonly dir: string;
  writeSpec(id: string, spec: StepSpec): Promise<void>;
  readExit(id: string): Promise<StepExit | undefined>;
  /** True: it has ended, and nothing that it started lives on. */
  endedAlone(id: string): boolean;
  readPids(id: string): Promise<StepPids | undefined>;
  /** Takes the spec away from a wrapper that has not read it. True: the step never began, and never will by this spec. */
  claimSpec(id: string): Promise<boolean>;
  /** Writes the exit file in the place of a wrapper that can not any more. */
  markLost(id: string): Promise<void>;
  /** Removes all files of a step. */
  forget(id: string): Promise<void>;
  /** Ids of all steps that have any file here, sorted. */
  listIds(): Promise<string[]>;
  wrapperArgv(id: string): [string, ...string[]];
  /** What a window of a terminal is made of: the wrapper, and what writes the log. */
  inWindow(id: string): { readonly argv: [string, ...string[]]; readonly logArgv: [string, ...string[]] };
}

export interface StepFilesOptions {
  /** A folder of mode 0700 that exists already. */
  readonly dir: string;
  /** The folder of run-step.pl and log-pane.pl. */
  readonly scriptsDir: string;
  readonly perlPath?: string;
  /** What a wrapper is started by, where it needs that to outlive the daemon. */
  readonly startedBy?: (id: string) => readonly [string, ...string[]];
}

export function createStepFiles({ dir, scriptsDir, perlPath = '/usr/bin/perl', startedBy }: StepFilesOptions): StepFiles {
  const pathOf = (id: string, kind: FileKind): string => join(dir, `${checkedId(id)}.${kind}`);
  // The folder is the daemon's own and near: a trip to the thread pool for each of these would cost more than all of them.
  const write = (id: string, kind: Whole, text: string): void => writeWhole(pathOf(id, kind), text, pathOf(id, `${kind}.tmp`));
  const wrapperArgv = (id: string): [string, ...string[]] => {
    const wrapper = [perlPath, join(scriptsDir, 'run-step.pl'), pathOf(id, 'spec')] as const;
    return startedBy === undefined ? [...wrapper] : [...startedBy(id), ...wrapper];
  };
  return {
    dir,
    async writeSpec(id, spec) {
      write(id, 'spec', encodeSpec(id, spec));
    },
    async readExit(id) {
      const text = readIfThere(pathOf(id, 'exit'));
      return text === undefined ? undefined : parseExit(text);
    },
    endedAlone: (id) => / alone$/.test(readIfThere(pathOf(id, 'exit')) ?? ''),
    async readPids(id) {
      const match = /^(\d+) (\d+)(?: (\d+) (\d+))?(?: (\/\S+))?\n$/.exec(readIfThere(pathOf(id, 'pid')) ?? '');
      if (!match) return undefined;
      const [wrapperPid = 0, childPid = 0, wrapperStart = 0, childStart = 0] = match.slice(1, 5).map((text) => Number(text ?? 0));
      const starts = { ...(wrapperStart > 0 ? { wrapperStart } : {}), ...(childStart > 0 ? { childStart } : {}) };
      return { wrapperPid, childPid, ...starts, ...(match[5] === undefined ? {} : { cgroup: match[5] }) };
    },
    async claimSpec(id) {
      return isRemoved(pathOf(id, 'spec'));
    },
    async markLost(id) {
      write(id, 'exit', 'lost ');
    },
    async forget(id) {
      // The last is last, since its writer leaves it only where it still finds one of the others.
      const kinds: readonly FileKind[] = ['spec', 'spec.tmp', 'pid', 'pid.tmp', 'exit', 'exit.tmp', 'logged'];
      for (const kind of kinds) isRemoved(pathOf(id, kind));
    },
    async listIds() {
      const ids = new Set<string>();
      for (const name of await readdir(dir)) {
        const match = /^([A-Za-z0-9_-]+)\.(?:(?:spec|pid|exit)(?:\.tmp)?|logged)$/.exec(name);
        if (match?.[1]) ids.add(match[1]);
      }
      return [...ids].sort();
    },
    wrapperArgv,
    inWindow: (id) => ({ argv: wrapperArgv(id), logArgv: [perlPath, join(scriptsDir, 'log-pane.pl'), join(dir, checkedId(id))] }),
  };
}

type Whole = 'spec' | 'pid' | 'exit';
/** What is written aside first, so that nobody reads the half of it. */
type FileKind = Whole | `${Whole}.tmp` | 'logged';

/** A further wrapper of the same thing, like that of another window of a terminal: named after the first, it needs no row to be found by. */
export function partId(id: string, part: number): string {
  return `${id}_w${part}`;
}

export function isOfRun(id: string, runId: string): boolean {
  return id === runId || id.startsWith(`${runId}_w`);
}

function checkedId(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) throw new Error(`step id '${id}' is not made of letters, digits, _ and -`);
  return id;
}

function encodeSpec(id: string, { cwd, argv, stdinPath = '', stdoutPath = '', env }: StepSpec): string {
  if (argv.length === 0) throw new Failure('INVALID_PARAMS', `Step '${id}' has an empty command; name a program to run.`);
  const pairs = Object.entries(env).map(([name, value]) => {
    if (name === '' || name.includes('=')) throw new Failure('INVALID_PARAMS', `'${name}' cannot name an environment variable; rename it.`);
    return `${name}=${value}`;
  });
  const fields = [cwd, stdinPath, stdoutPath, String(argv.length), ...argv, ...pairs];
  if (fields.some((field) => field.includes('\0'))) {
    throw new Failure('INVALID_PARAMS', `A NUL byte cannot be part of the command or environment of step '${id}'; remove it.`);
  }
  return `${fields.join('\0')}\0`;
}

function parseExit(text: string): StepExit {
  const [, how, number] = /^(exit|signal) (\d+)(?: alone)?$/.exec(text) ?? [];
  if (how === 'exit') return { kind: how, code: Number(number) };
  if (how === 'signal') return { kind: how, signal: signalName(Number(number)) };
  const [, kind, rest = ''] = /^(error|lost) (.*)$/s.exec(text) ?? [];
  if (kind === 'error') return { kind, message: rest };
  if (kind === 'lost') return { kind };
  return { kind: 'error', message: `the exit file is damaged: '${text.slice(0, 100)}'` };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    ignoreMissing(error);
    return undefined;
  }
}

/** False when nothing was there. */
function isRemoved(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
