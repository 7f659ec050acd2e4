// How git is called: one environment, two ways to run, nothing of the daemon's own surroundings leaking in.
import type { Readable, Writable } from 'node:stream';
import { Failure, isFailure } from '../../../schemas/errors.ts';
import type { Again } from '../../kernel/again.ts';
import { lookingMark } from '../proc.ts';
import { withHeldLock } from './held-lock.ts';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly input?: string | undefined;
  readonly okExitCodes?: readonly number[] | undefined;
  readonly maxOutputBytes?: number | undefined;
  readonly changesNothing?: boolean | undefined;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The part of the process tool that git needs. A variable given as undefined is taken out of the base environment. */
export interface ToolRunner {
  runTool(
    tool: string,
    args: readonly string[],
    options?: RunOptions & { readonly cwd?: string | undefined; readonly env?: Readonly<Record<string, string | undefined>> | undefined },
  ): Promise<RunResult>;
  converse(
    tool: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): {
    readonly stdin: Writable;
    readonly stdout: Readable;
    readonly ended: Promise<{ readonly stderrTail: string; readonly missing: boolean }>;
  };
}

export interface GitDeps {
  readonly process: ToolRunner;
  /** The environment the process tool starts from. */
  readonly env: Readonly<Record<string, string>>;
  readonly again: Again;
}

export interface RunGit {
  /** Takes no lock, so it never disturbs a git of the user. */
  read(cwd: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /**
   * `more` is added to the environment. While another git holds the lock file, what changes one thing in one step is tried again; what
   * makes commits or talks to others never is.
   */
  write(cwd: string, args: readonly string[], options?: RunOptions, more?: Readonly<Record<string, string>>): Promise<RunResult>;
  /** The first bytes of what a reading git would print; it is ended after them. */
  readStart(cwd: string, args: readonly string[], maxBytes: number): Promise<Buffer>;
  /** A reading git that is given `input` and whose output is taken as it comes, in bytes. `ended` tells what it complained about. */
  stream(cwd: string, args: readonly string[], input: string): { readonly stdout: Readable; readonly ended: Promise<string> };
  /** Other programs, in git's environment. */
  other(
    tool: string,
    args: readonly string[],
    options?: RunOptions & { readonly cwd?: string },
    more?: Readonly<Record<string, string>>,
  ): Promise<RunResult>;
  readonly readEnv: Readonly<Record<string, string>>;
}

/** Output of a command whose size grows with the repository. */
export const listBytes = 64 * 1024 * 1024;
/** Checking out, cloning submodules and deleting take as long as the repository is big. */
export const bulkMs = 15 * 60_000;

// What points git at another repository, index or way to print. A daemon started from a git hook inherits the first of these.
const foreignVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_GRAFT_FILE',
  'GIT_SHALLOW_FILE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_CEILING_DIRECTORIES',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
  'GIT_QUARANTINE_PATH',
  'GIT_REFLOG_ACTION',
  'GIT_EXTERNAL_DIFF',
  'GIT_DIFF_OPTS',
  'GIT_LITERAL_PATHSPECS',
  'GIT_OPTIONAL_LOCKS',
  'LANGUAGE',
];

/** A git that reads must not stand in the way of a removal of the worktree. */
const looking = { GIT_OPTIONAL_LOCKS: '0', ...lookingMark };
/** They take their lock first and then do all or nothing, so one that found it taken has done nothing. */
const repeatable: readonly (string | undefined)[] = ['add', 'config', 'symbolic-ref', 'update-index', 'update-ref'];

/** One that was lost may have done its thing: a second one would tell that its lock or its old value is another's. */
function lostOrThrow(error: unknown): Failure {
  if (isFailure(error) && error.kind === 'UNAVAILABLE') return error;
  throw error;
}

const always = { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' };

export function createRunGit({ process, env, again }: GitDeps): RunGit {
  const writeEnv: Readonly<Record<string, string | undefined>> = {
    ...Object.fromEntries(foreignVariables.map((name) => [name, undefined])),
    ...always,
  };
  const readEnv = { ...writeEnv, ...looking };
  const wholeReadEnv = { ...withoutForeign(env), ...always, ...looking };
  const run = (cwd: string, args: readonly string[], runEnv: typeof writeEnv, options: RunOptions = {}): Promise<RunResult> => {
    refuseNul(args);
    return process.runTool('git', args, { ...options, cwd, env: runEnv });
  };
  const write: RunGit['write'] = async (cwd, args, options, more) => {
    const once = (): Promise<RunResult> => withHeldLock(args, run(cwd, args, more ? { ...writeEnv, ...more } : writeEnv, options));
    if (!repeatable.includes(args[0])) return once();
    const result = await again('file', () => once().catch(lostOrThrow), { signal: options?.signal });
    if (result instanceof Failure) throw result;
    return result;
  };
  return {
    readEnv: wholeReadEnv,
    read: (cwd, args, options) => run(cwd, args, readEnv, { ...options, changesNothing: true }),
    write,
    stream(cwd, args, input) {
      refuseNul(args);
      const { stdin, stdout, ended } = process.converse('git', ['-C', cwd, ...args], wholeReadEnv);
      stdin.end(input);
      return { stdout, ended: ended.then(({ stderrTail }) => stderrTail) };
    },
    other: (tool, args, options, more) => process.runTool(tool, args, { ...options, env: { ...writeEnv, ...more } }),
    async readStart(cwd, args, maxBytes) {
      refuseNul(args);
      const { stdout, ended } = process.converse('git', ['-C', cwd, ...args], wholeReadEnv);
      const start = await firstBytes(stdout, maxBytes);
      const { stderrTail } = await ended;
      // A git that was stopped by us has printed what we asked for; one that stopped by itself and complained has failed.
      if (start.length < maxBytes && stderrTail !== '') {
        throw new Failure('TOOL_FAILED', `'git ${args[0]}' failed: ${stderrTail.trim()}`, { details: { tool: 'git', stderrTail } });
      }
      return start;
    },
  };
}

function withoutForeign(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreignVariables.includes(name)));
}

/** No program can be given a NUL, and node would call it a bug of ours. */
function refuseNul(args: readonly string[]): void {
  const bad = args.find((arg) => arg.includes('\0'));
  if (bad === undefined) return;
  throw new Failure('INVALID_PARAMS', `"${bad.replaceAll('\0', '\\0')}" has a NUL character; git cannot take it.`);
}

async function firstBytes(stdout: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdout) {
    const bytes = Buffer.from(chunk as Uint8Array);
    chunks.push(bytes);
    size += bytes.length;
    // Leaving the loop closes the pipe, and git ends at its next write.
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}
