// The one control-mode client of the private tmux server. Server and terminals outlive it: when it or the daemon dies, only the client
// ends, and the next command starts another.
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { isAlive, startTimeOf } from './proc.ts';
import { missingTool, type ProcessTool, type ToolConversation } from './process.ts';
import { tmuxLine } from './tmux-quote.ts';
import { createReplyReader, type TmuxReply } from './tmux-replies.ts';

export type TmuxCommand = readonly [name: string, ...args: string[]];

export interface TmuxControl {
  readonly tmuxPath: string;
  readonly socketPath: string;
  /** The lines that one command prints. */
  command(...command: TmuxCommand): Promise<string[]>;
  /** Several commands, run by the server with nothing in between; the lines of each. The first that fails ends the rest. */
  run(commands: readonly TmuxCommand[]): Promise<string[][]>;
  /** Called when the server itself is gone, and all terminals with it. Returns a function that stops it. */
  onServerExit(listener: () => void): () => void;
  /** Leaves the server; it and the terminals live on. */
  close(): Promise<void>;
}

export interface TmuxControlOptions {
  readonly process: Pick<ProcessTool, 'converse'>;
  readonly tmuxPath?: string;
  readonly socketPath: string;
  readonly confPath: string;
  /** Exactly the environment of a server that is started here; TMUX and TMUX_PANE are left out. */
  readonly env: Readonly<Record<string, string>>;
  /** Where a unit of its own runs the server: started here it would die with the daemon's unit. Idempotent. */
  readonly startServer?: () => Promise<void>;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** A session without a process: its only pane is dead from the start. The control client needs one to live in. */
export const hubSession = 'coppice-hub';

interface Client {
  readonly conversation: ToolConversation;
  readonly waiting: Waiting[];
  readonly server: Promise<{ pid: number; startTime: number | undefined }>;
  alive: boolean;
}

interface Waiting {
  readonly what: string;
  readonly expected: number;
  readonly replies: string[][];
  resolve(replies: string[][]): void;
  reject(error: Failure): void;
}

export function createTmuxControl(options: TmuxControlOptions): TmuxControl {
  const { tmuxPath = 'tmux', socketPath } = options;
  const listeners = new Set<() => void>();
  let current: Promise<Client> | undefined;
  let closing = false;

  async function connected(): Promise<Client> {
    if (closing) throw new Failure('SHUTTING_DOWN', 'The daemon is stopping; call again when it is back.');
    current ??= connect(options, () => {
      if (!closing) for (const listener of listeners) listener();
    });
    const attempt = current;
    try {
      const client = await attempt;
      if (client.alive) return client;
    } catch (error) {
      if (current === attempt) current = undefined;
      throw error;
    }
    if (current === attempt) current = undefined;
    return connected();
  }

  async function run(commands: readonly TmuxCommand[]): Promise<string[][]> {
    return send(await connected(), commands);
  }

  return {
    tmuxPath,
    socketPath,
    run,
    command: async (...command) => (await run([command]))[0] ?? [],
    onServerExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing = true;
      const client = await current?.catch(() => undefined);
      client?.conversation.stdin.end();
      await client?.conversation.ended;
    },
  };
}

const connectAttempts = 6;
const serverExitMs = 1_000;

// A server that is just ending still owns the socket for a moment, so a failed start is tried again.
async function connect(options: TmuxControlOptions, onServerExit: () => void): Promise<Client> {
  let said = '';
  await options.startServer?.();
  for (let attempt = 0; attempt < connectAttempts; attempt++) {
    if (attempt > 0) await options.sleep(10 * 2 ** attempt);
    const client = startClient(options);
    const end = await Promise.race([client.server.then(() => undefined), client.conversation.ended]);
    if (end === undefined) {
      await endLeftOvers(client);
      void client.conversation.ended.then(async () => {
        if (await serverIsGone(client, options.sleep)) onServerExit();
      });
      return client;
    }
    if (end.missing) throw missingTool('tmux');
    said = end.stderrTail.trim();
  }
  throw new Failure('TOOL_FAILED', `tmux does not answer on '${options.socketPath}': ${said || 'its client ends at once'}.`, {
    details: { tool: 'tmux', exitCode: null, stderrTail: said },
  });
}

/**
 * Clients of daemons that died while they began: the server knows of no end of theirs, since what it wanted to say to them has nowhere to
 * go, and they wait for its word for ever. The hub is for the daemon alone, and there is one.
 */
async function endLeftOvers(client: Client): Promise<void> {
  const [lines = []] = await send(client, [['list-clients', '-t', `=${hubSession}:`, '-F', '#{client_pid}']]).catch(() => []);
  for (const pid of lines.map(Number)) if (pid > 0 && pid !== client.conversation.pid) endProcess(pid);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function startClient(options: TmuxControlOptions): Client {
  const { TMUX: _socket, TMUX_PANE: _pane, ...env } = options.env;
  // -u: without it tmux replaces every character beyond ASCII in what it prints.
  const args = ['-C', '-u', ...(options.startServer ? ['-N'] : []), '-S', options.socketPath, '-f', options.confPath];
  args.push('new-session', '-A', '-f', 'no-output,ignore-size', '-s', hubSession, '-x', '200', '-y', '50', '--', 'true');
  const conversation = options.process.converse(options.tmuxPath ?? 'tmux', args, env);
  const waiting: Waiting[] = [];
  const server = send({ conversation, waiting }, [['display-message', '-p', '#{pid}']]).then(async ([lines]) => {
    const pid = Number(lines?.[0]);
    return { pid, startTime: await startTimeOf(pid) };
  });
  const client: Client = { conversation, waiting, server, alive: true };
  const reader = createReplyReader((reply) => settle(waiting, reply));
  conversation.stdout.on('data', (chunk: Buffer) => reader(chunk));
  let isUp = false;
  server.then(
    () => {
      isUp = true;
    },
    () => {},
  );
  void conversation.ended.then(async () => {
    client.alive = false;
    const left = waiting.splice(0);
    const isServerGone = left.length > 0 && (!isUp || (await serverIsGone(client, options.sleep)));
    for (const one of left) one.reject(wentAway(one.what, isServerGone));
  });
  return client;
}

// With the server goes whatever the command did. A server that lives may have done it, so nothing may be done twice.
function wentAway(what: string, isServerGone: boolean): Failure {
  if (isServerGone) {
    return new Failure('UNAVAILABLE', `The tmux server ended during '${what}'; call again.`, { details: { reason: 'no_server' } });
  }
  return new Failure('UNAVAILABLE', `tmux broke off during '${what}'; look whether it was done before you call again.`, {
    retryable: false,
    details: { reason: 'no_client' },
  });
}

// The client hears of the end a little before the server is gone.
async function serverIsGone(client: Client, sleep: TmuxControlOptions['sleep']): Promise<boolean> {
  const { pid, startTime } = await client.server;
  for (let pauseMs = 2; await isAlive(pid, startTime); pauseMs *= 2) {
    if (pauseMs > serverExitMs) return false;
    await sleep(pauseMs);
  }
  return true;
}

function send(client: Pick<Client, 'conversation' | 'waiting'>, commands: readonly TmuxCommand[]): Promise<string[][]> {
  const line = tmuxLine(commands);
  return new Promise((resolve, reject) => {
    if (commands.length === 0) return resolve([]);
    const what = commands.map(([name]) => name).join('; ');
    // A server that hangs is left by ending the client, which refuses all that wait.
    const timer = setTimeout(() => client.conversation.kill(), limits.toolMs);
    timer.unref();
    const settled = <T>(then: (value: T) => void) => {
      return (value: T) => {
        clearTimeout(timer);
        then(value);
      };
    };
    client.waiting.push({ what, expected: commands.length, replies: [], resolve: settled(resolve), reject: settled(reject) });
    client.conversation.stdin.write(`${line}\n`);
  });
}

// Each command of a line has its own reply, up to the first that fails: the server drops the rest.
function settle(waiting: Waiting[], { failed, lines }: TmuxReply): void {
  const first = waiting[0];
  if (!first) return;
  if (failed) {
    waiting.shift();
    first.reject(failureOf(first.what, lines.join(' ')));
    return;
  }
  first.replies.push(lines);
  if (first.replies.length < first.expected) return;
  waiting.shift();
  first.resolve(first.replies);
}

function failureOf(what: string, said: string): Failure {
  const details = { tool: 'tmux', exitCode: 1, stderrTail: said };
  if (/^can't find (session|window|pane)/.test(said)) return new Failure('NOT_FOUND', `The terminal is gone: ${said}.`, { details });
  if (said.startsWith('duplicate session')) return new Failure('ALREADY_EXISTS', `A terminal has this name already: ${said}.`, { details });
  return new Failure('TOOL_FAILED', `tmux refused '${what}': ${said}`.slice(0, limits.errorMessageChars), { details });
}
