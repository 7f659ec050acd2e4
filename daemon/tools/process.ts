// Runs the programs the daemon needs (git, tmux, gh, systemctl) and turns their failures into ours. Steps of commands are not run here:
// they must outlive the daemon (step-process.ts).
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { findExecutables } from './executables.ts';

export interface RunToolOptions {
  readonly cwd?: string | undefined;
  /** Added to the base environment; undefined takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly input?: string | Uint8Array | undefined;
  readonly okExitCodes?: readonly number[] | undefined;
  readonly maxOutputBytes?: number | undefined;
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
}

export function createProcessTool({ baseEnv }: ProcessToolOptions): ProcessTool {
  const running = new Set<number>();
  return {
    async runTool(tool, args, options = {}) {
      const timeoutMs = options.timeoutMs ?? limits.toolMs;
      const child = execa(tool, args, {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
        ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
        env: { ...baseEnv, ...options.env },
        extendEnv: false,
        timeout: timeoutMs,
        maxBuffer: options.maxOutputBytes ?? limits.messageBytes,
        reject: false,
        stripFinalNewline: false,
        // A group of its own, so that whatever it started can be ended with it.
        detached: true,
      });
      const { pid } = child;
      if (pid !== undefined) running.add(pid);
      releasePipesAfterExit(child);
      const result = await child;
      if (pid !== undefined) running.delete(pid);
      if (pid !== undefined && !endedByItself(result)) signalGroup(pid, 'SIGKILL');
      const exitCode = result.exitCode;
      if (exitCode !== undefined && endedByItself(result) && (options.okExitCodes ?? [0]).includes(exitCode)) {
        return { stdout: textOf(result.stdout), stderr: textOf(result.stderr), exitCode };
      }
      throw await failureOf(tool, args, result, options.cwd, timeoutMs);
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
      const ended = child.then((result) => ({ stderrTail: tailOf(textOf(result.stderr)), missing: isMissing(result) }));
      return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, kill: () => void child.kill('SIGKILL'), ended };
    },
    which: async (tool, searchPath = baseEnv.PATH) => (await findExecutables(tool, { searchPath, cwd: '/' }))[0],
    close() {
      for (const pid of running) signalGroup(pid, 'SIGTERM');
    },
  };
}

function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch {
    // Nothing of it is left (ESRCH), or it became another user's (EPERM), whose end is not ours to bring about.
  }
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

// A background grandchild may hold the pipes for hours; what the program itself wrote is there shortly after its exit.
const pipeGraceMs = 250;

function releasePipesAfterExit(child: { once(event: 'exit', listener: () => void): unknown; stdout: Readable; stderr: Readable }): void {
  child.once('exit', () => {
    const timer = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, pipeGraceMs);
    timer.unref();
    const closed = [child.stdout, child.stderr].map((stream) => new Promise<void>((resolve) => stream.once('close', () => resolve())));
    void Promise.all(closed).then(() => clearTimeout(timer));
  });
}

/** What is read of execa's result, whatever the options were. */
interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly originalMessage?: string | undefined;
  readonly cause?: unknown;
  readonly stderr?: unknown;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly isMaxBuffer: boolean;
}

function endedByItself(result: Ended): boolean {
  return !result.timedOut && !result.isCanceled && !result.isMaxBuffer;
}

async function failureOf(
  tool: string,
  args: readonly string[],
  result: Ended,
  cwd: string | undefined,
  timeoutMs: number,
): Promise<Failure> {
  const cause = result.cause;
  const what = `'${tool}${args[0] === undefined ? '' : ` ${args[0]}`}'`;
  if (result.isCanceled) return new Failure('CANCELLED', `${what} was cancelled.`, { cause });
  if (result.timedOut) {
    return new Failure('DEADLINE_EXCEEDED', `${what} did not end within ${timeoutMs} ms; try again or look at what holds it.`, { cause });
  }
  if (result.isMaxBuffer) {
    return new Failure('LIMIT_EXCEEDED', `${what} wrote more than the daemon keeps; narrow what you ask for.`, { cause });
  }
  if (cwd !== undefined && !(await isFolder(cwd))) {
    return new Failure('NOT_FOUND', `The folder '${cwd}' does not exist; name one that does.`, {
      cause,
      details: { entity: 'folder', id: cwd },
    });
  }
  if (isMissing(result)) return missingTool(tool, cause);
  const stderrTail = tailOf(textOf(result.stderr));
  const end = result.signal ? `was killed by ${result.signal}` : `failed with exit code ${result.exitCode ?? 'unknown'}`;
  const said = stderrTail.trim().split('\n').at(-1) || (result.originalMessage ?? '');
  return new Failure('TOOL_FAILED', `${what} ${end}${said ? `: ${said}` : '.'}`.slice(0, limits.errorMessageChars), {
    details: { tool, exitCode: result.exitCode ?? null, stderrTail },
    cause,
  });
}

const isMissing = (result: Ended): boolean => result.code === 'ENOENT';

const textOf = (output: unknown): string => (typeof output === 'string' ? output : '');

const tailOf = (text: string): string => text.slice(-limits.outputTailBytes);

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
