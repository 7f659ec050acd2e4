// Runs the programs the daemon needs (git, tmux, gh, systemctl) and turns their failures into ours. Steps of commands are not run here:
// they must outlive the daemon (step-process.ts).
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { type BoundedEnd, type BoundedRun, startBounded } from './bounded-run.ts';
import { findExecutables } from './executables.ts';
import type { Spawner, SpawnerGone } from './spawner.ts';
import { hasNul, type Program, type ProgramEnd } from './spawner-wire.ts';

export interface RunToolOptions {
  readonly cwd?: string | undefined;
  /** Added to the base environment; undefined takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly input?: string | Uint8Array | undefined;
  readonly okExitCodes?: readonly number[] | undefined;
  readonly maxOutputBytes?: number | undefined;
  /** It only looks: one that was lost, as a killed spawner loses all it runs, is run once more. */
  readonly changesNothing?: boolean | undefined;
}

export interface ToolResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A program that talks through its pipes for as long as it lives. */
export interface ToolConversation {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  kill(): void;
  /** Resolves, and never rejects, when the program has ended or could not be started. */
  readonly ended: Promise<{ readonly stderrTail: string; readonly missing: boolean }>;
}

export interface ProcessTool {
  runTool(tool: string, args: readonly string[], options?: RunToolOptions): Promise<ToolResult>;
  /** Starts a program whose environment is exactly the given one; its standard input closes when the daemon dies. */
  converse(tool: string, args: readonly string[], env: Readonly<Record<string, string>>): ToolConversation;
  /** The path of a program, found without starting anything: on the daemon's PATH, or on another. */
  which(tool: string, searchPath?: string): Promise<string | undefined>;
  /** Asks the tools that still run, and what they started, to end. */
  close(): void;
}

export interface ProcessToolOptions {
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly spawner: Spawner;
}

export function createProcessTool({ baseEnv, spawner }: ProcessToolOptions): ProcessTool {
  const running = new Set<BoundedRun>();
  let closed = false;
  return {
    async runTool(tool, args, { cwd, env, signal, input, ...options } = {}) {
      const what = `'${tool}${args[0] === undefined ? '' : ` ${args[0]}`}'`;
      const program: Program = { cwd, argv: [tool, ...args], env: definedOnly({ ...baseEnv, ...env }), input };
      const timeoutMs = options.timeoutMs ?? limits.toolMs;
      if (signal?.aborted) throw new Failure('CANCELLED', `${what} was cancelled.`);
      const bounds = { signal, timeoutMs, maxOutputBytes: options.maxOutputBytes ?? limits.messageBytes };
      const runOnce = async (): Promise<BoundedEnd> => {
        const run = hasNul(program) ? refused : startBounded(spawner, program, bounds);
        running.add(run);
        const result = await run.ended;
        running.delete(run);
        return result;
      };
      let result = await runOnce();
      if (options.changesNothing && result.end.kind === 'lost' && !closed && !signal?.aborted) result = await runOnce();
      const { end, stdout, stderr, cutOff } = result;
      if (cutOff === undefined && end.kind === 'exit' && (options.okExitCodes ?? [0]).includes(end.code)) {
        return { stdout, stderr, exitCode: end.code };
      }
      throw await failureOf({ tool, what, cwd, timeoutMs }, result);
    },
    converse(tool, args, env) {
      const child = execa(tool, args, {
        env: { ...env },
        extendEnv: false,
        stdin: 'pipe',
        stdout: 'pipe',
        stderr: 'pipe',
        buffer: { stdout: false, stderr: true },
        maxBuffer: limits.messageBytes,
        reject: false,
      });
      // A write to a program that has just ended fails here too; `ended` tells it.
      child.stdin.on('error', () => {});
      child.stdout.on('error', () => {});
      const ended = child.then((result) => ({ stderrTail: tailOf(textOf(result.stderr)), missing: result.code === 'ENOENT' }));
      return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, kill: () => void child.kill('SIGKILL'), ended };
    },
    which: async (tool, searchPath = baseEnv.PATH) => (await findExecutables(tool, { searchPath, cwd: '/' }))[0],
    close() {
      closed = true;
      for (const run of running) run.ask();
    },
  };
}

// What the kernel says to a program that cannot be: no field can hold a NUL.
const refused: BoundedRun = {
  ended: Promise.resolve({ end: { kind: 'error', about: 'start', code: 'EINVAL' }, stdout: '', stderr: '', cutOff: undefined }),
  ask: () => {},
};

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

const remedies: Readonly<Record<string, string>> = {
  tmux: 'apt install tmux',
  git: 'apt install git',
  gh: 'see https://cli.github.com',
  perl: 'apt install perl',
  systemctl: 'apt install systemd',
  'systemd-run': 'apt install systemd',
  bash: 'apt install bash',
  claude: 'npm install -g @anthropic-ai/claude-code',
  'claude-agent-acp': 'npm install -g @zed-industries/claude-agent-acp',
  codex: 'npm install -g @openai/codex',
  'codex-acp': 'npm install -g @zed-industries/codex-acp',
  gemini: 'npm install -g @google/gemini-cli',
  opencode: 'npm install -g opencode-ai',
};

/** How to get a program. */
export function remedyFor(tool: string): string {
  return remedies[tool.slice(tool.lastIndexOf('/') + 1)] ?? 'install it, or correct its name';
}

/** What to say and do when a program is not installed. */
export function missingTool(tool: string, cause?: unknown): Failure {
  const remedy = remedyFor(tool);
  return new Failure('TOOL_MISSING', `The program '${tool}' is not installed; install it: ${remedy}.`, {
    details: { tool, remedy },
    cause,
  });
}

interface Asked {
  readonly tool: string;
  readonly what: string;
  readonly cwd: string | undefined;
  readonly timeoutMs: number;
}

async function failureOf({ tool, what, cwd, timeoutMs }: Asked, { end, stderr, cutOff }: BoundedEnd): Promise<Failure> {
  if (cutOff === 'cancelled') return new Failure('CANCELLED', `${what} was cancelled.`);
  if (cutOff === 'too late') {
    return new Failure('DEADLINE_EXCEEDED', `${what} did not end within ${timeoutMs} ms; try again or look at what holds it.`);
  }
  if (cutOff === 'too much') {
    return new Failure('LIMIT_EXCEEDED', `${what} wrote more than the daemon keeps; narrow what you ask for.`);
  }
  if (end.kind === 'lost') return lostFailure(what, end.why);
  if (cwd !== undefined && !(await isFolder(cwd))) {
    return new Failure('NOT_FOUND', `The folder '${cwd}' does not exist; name one that does.`, { details: { entity: 'folder', id: cwd } });
  }
  if (end.kind === 'error' && end.about === 'start' && end.code === 'ENOENT') return missingTool(tool);
  const stderrTail = tailOf(stderr);
  const said = stderrTail.trim().split('\n').at(-1);
  return new Failure('TOOL_FAILED', `${what} ${howOf(end)}${said ? `: ${said}` : '.'}`.slice(0, limits.errorMessageChars), {
    details: { tool, exitCode: end.kind === 'exit' ? end.code : null, stderrTail },
  });
}

function howOf(end: ProgramEnd): string {
  if (end.kind === 'exit') return `failed with exit code ${end.code}`;
  if (end.kind === 'signal') return `was killed by ${end.signal}`;
  return `could not be started${end.about === 'cwd' ? ' in its folder' : ''} (${end.code})`;
}

function lostFailure(what: string, { missing, how }: SpawnerGone): Failure {
  if (missing) return missingTool('perl');
  return new Failure(
    'UNAVAILABLE',
    `What runs programs for the daemon ${how}, and ${what} was lost with it; look whether it was done, and call again.`,
  );
}

const textOf = (output: unknown): string => (typeof output === 'string' ? output : '');

const tailOf = (text: string): string => text.slice(-limits.outputTailBytes);

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
