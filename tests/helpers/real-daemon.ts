// A daemon as users have it: the built program, in a process and a home of its own. Everything it started is gone at the end.
//
//   await using daemon = await startRealDaemon({ commands: { build: 'name: build\nsteps: [...]' } });
//   const session = await daemon.start(repo.path, 'build');
//   const ended = await daemon.ended(session.id);
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Client, connect } from '../../client/index.ts';
import { daemonEntry } from '../../rpc/package-info.ts';
import type { ParamsOf, ResultOf, Session } from '../../schemas/index.ts';
import { coverageDir } from '../coverage/dir.ts';
import { createHome, type Home } from './home.ts';
import { packageRoot } from './package-root.ts';
import { killIfThere } from './processes.ts';
import { deadlineMs, until } from './until.ts';

export { createHome, type Home } from './home.ts';

const run = promisify(execFile);

export const daemonCommand: readonly string[] = [process.execPath, daemonEntry()];
export const cliProgram = join(packageRoot, 'dist', 'coppice.cjs');

/** Under `npm run coverage` daemons write down what of them ran (tests/coverage). */
const coverageEnv: Readonly<Record<string, string>> = coverageDir === undefined ? {} : { NODE_V8_COVERAGE: coverageDir };

export interface RealDaemonOptions {
  /** Added to a small environment (PATH, HOME, SHELL, a git identity); undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of coppiced, at its first start. */
  readonly args?: readonly string[];
  /** Programs, with their arguments, that run coppiced as their last one: setpriv, faketime. */
  readonly through?: readonly string[];
  /** The text of config.toml. */
  readonly config?: string;
  /** Commands of the user, by name: `{ build: 'name: build\nsteps: …' }`. They need no file in any repository. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Default: one of its own, which also goes at the end. */
  readonly home?: Home;
}

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export type SessionRecord = ResultOf<'session.get'>;
type Listed = ResultOf<'event.list'>['events'][number];

export interface RealDaemon extends AsyncDisposable {
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  readonly home: Home;
  /** Over the Unix socket, as the owner. It connects again by itself after a restart. */
  readonly client: Client;
  /** Runs the built CLI with COPPICE_HOME set and autostart off. Never rejects for an exit code. */
  cli(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** Sends a signal (SIGKILL) and waits for the end of the process. Nothing is cleaned up. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Sends SIGTERM and waits. */
  stop(): Promise<Exit>;
  /** Waits for the end of a process that ends by itself. */
  gone(): Promise<Exit>;
  /** Starts again on the same home, after kill or stop. */
  again(env?: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** stop, then again. */
  restart(): Promise<void>;
  /** Starts a command in the repository at `path`, which is registered first. */
  start(path: string, command: string, params?: Partial<ParamsOf<'session.start'>>): Promise<Session>;
  /** The session, once it has ended. */
  ended(id: string): Promise<SessionRecord>;
  /** All durable events, or those after a cursor. */
  events(options?: { after?: string; types?: string[] }): Promise<Listed[]>;
  /** Runs tmux on the daemon's own server. */
  tmux(...args: readonly string[]): Promise<string>;
}

/** Runs the daemon program to its own end: for starts that must fail. */
export async function runDaemon(home: Home, options: Pick<RealDaemonOptions, 'args' | 'env' | 'through'> = {}): Promise<Exit> {
  return spawnDaemon(home, options.env, options.args, options.through).exit;
}

export async function startRealDaemon(options: RealDaemonOptions = {}): Promise<RealDaemon> {
  const home = options.home ?? createHome();
  if (options.config !== undefined) home.writeConfig(options.config);
  for (const [name, yaml] of Object.entries(options.commands ?? {})) home.writeCommand(name, yaml);
  let current: ReturnType<typeof spawnDaemon>;
  let client: Client | undefined;
  const begin = async (env: CliOptions['env'], args?: readonly string[]): Promise<void> => {
    current = spawnDaemon(home, env, args, options.through);
    const { answered, exit } = current;
    const failed = exit.then((end) => Promise.reject(new Error(`the daemon ended with ${end.exitCode ?? end.signal}: ${end.stderr}`)));
    await Promise.race([answered(), failed]);
    client ??= await connect({ socketPath: home.socketPath, env: home.env(), clientName: 'flow-test' });
    const first = client;
    await until('the client to be connected', () => first.daemon.ping());
  };
  const end = async (signal: NodeJS.Signals): Promise<Exit> => {
    killIfThere(current.pid, signal);
    return current.exit;
  };
  const daemon: RealDaemon = {
    home,
    get pid() {
      return current.pid;
    },
    get client() {
      return client as Client;
    },
    cli: (args, cliOptions) => runCli(home, args, cliOptions),
    kill: (signal = 'SIGKILL') => end(signal),
    stop: () => end('SIGTERM'),
    gone: () => current.exit,
    again: (env) => begin({ ...options.env, ...env }),
    async restart() {
      await end('SIGTERM');
      await begin(options.env);
    },
    async start(path, command, params = {}) {
      const project = await daemon.client.project.add({ path });
      return daemon.client.session.start({ project: project.id, command, environment: home.env(), ...params });
    },
    ended: (id) =>
      until(`session ${id} to end`, async () => {
        const session = await daemon.client.session.get({ id });
        return session.endedAt !== undefined && session;
      }),
    async events({ after, types } = {}) {
      const all: Listed[] = [];
      for (let cursor = after, more = true; more; ) {
        const page = await daemon.client.event.list({
          limit: 200,
          ...(cursor === undefined ? {} : { after: cursor }),
          ...(types === undefined ? {} : { types }),
        });
        all.push(...page.events);
        ({ cursor, more } = page);
      }
      return all;
    },
    async tmux(...args) {
      const { stdout } = await run('tmux', ['-N', '-S', home.tmuxSocketPath, ...args], { env: home.env() });
      return stdout.trimEnd();
    },
    async [Symbol.asyncDispose]() {
      await client?.close();
      if (coverageDir !== undefined) await endInOrder(current);
      killIfThere(current.pid, 'SIGKILL');
      await current.exit;
      await home[Symbol.asyncDispose]();
    },
  };
  try {
    await begin(options.env, options.args);
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
  return daemon;
}

/** Only a process that ends by itself writes down what of it ran. */
async function endInOrder({ pid, exit }: { readonly pid: number; readonly exit: Promise<Exit> }): Promise<void> {
  killIfThere(pid, 'SIGTERM');
  const patience = new AbortController();
  await Promise.race([exit, setTimeout(5_000, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
}

export async function runCli(home: Home, args: readonly string[], { cwd = home.dir, env = {} }: CliOptions = {}): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = { cwd, env: home.env(env), timeout: deadlineMs + 5_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [cliProgram, ...args], options, (error, stdout, stderr) => {
      const code = (error as { code?: unknown } | null)?.code;
      resolve({ stdout, stderr, exitCode: error === null ? 0 : typeof code === 'number' ? code : -1 });
    });
  });
}

function spawnDaemon(home: Home, env: CliOptions['env'] = {}, args: readonly string[] = [], through: readonly string[] = []) {
  const [program = process.execPath, ...words] = [...through, ...daemonCommand, ...args];
  const child = spawn(program, words, {
    cwd: '/',
    env: { ...home.env(env), ...coverageEnv },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      // What outlives the daemon may hold its stderr, so its end is not waited for.
      setImmediate(() => resolve({ exitCode, signal, stderr }));
    });
  });
  const answered = (): Promise<unknown> =>
    until('the socket to answer', async () => {
      const client = await connect({ socketPath: home.socketPath, env: home.env(), clientName: 'flow-test' });
      const { pid } = client.hello.daemon;
      await client.close();
      return pid === child.pid;
    });
  return { pid: child.pid as number, exit, answered };
}
