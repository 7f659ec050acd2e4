// Programs and libraries that people use for the same: one local server, many small questions. Each answers through its own client.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import axon from 'pm2-axon';
import axonRpc from 'pm2-axon-rpc';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { toolMissing } from '../helpers/tool-missing.ts';
import { until } from '../helpers/until.ts';
import type { Ground } from './ground.ts';
import { connectLines } from './line-client.ts';

export interface Peer {
  /** Its processes that are not this one. */
  readonly pids: readonly number[];
  /** Answers a question so many times, with `window` of them on the way. */
  pump(count: number, window: number): Promise<void>;
  close(): Promise<void>;
}

export interface PeerSpec {
  readonly name: string;
  readonly asked: string;
  /** It leaves questions that came in one go unread until the next one. */
  readonly oneAtATime?: boolean;
  /** Absent when it is not installed. */
  open(ground: Ground): Promise<Peer | undefined>;
}

export const peers: readonly PeerSpec[] = [
  { name: 'vscode-jsonrpc', asked: 'the same answer, kept; its client and server', open: openVscode },
  { name: "pm2's RPC", asked: 'the same answer, kept; pm2-axon-rpc on both sides', open: openAxon },
  { name: 'watchman', asked: '["version"] on its socket', oneAtATime: true, open: openWatchman },
  { name: 'tmux control mode', asked: 'display-message -p', open: openTmux },
];

/** So many calls, each of `window` callers waits for its answer. */
export async function pumpCalls(call: () => Promise<unknown>, count: number, window: number): Promise<void> {
  let left = count;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: window }, caller));
}

async function openVscode(ground: Ground): Promise<Peer> {
  const server = await startServer(ground, 'vscode-jsonrpc');
  const socket = connectSocket(server.socketPath);
  await once(socket, 'connect');
  const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
  connection.listen();
  const params = { id: ground.sessionId };
  return {
    pids: [server.pid],
    pump: (count, window) => pumpCalls(() => connection.sendRequest('session.get', params), count, window),
    async close() {
      connection.dispose();
      socket.destroy();
      await server.end();
    },
  };
}

async function openAxon(ground: Ground): Promise<Peer> {
  const server = await startServer(ground, 'pm2-axon-rpc');
  const socket = axon.socket('req');
  const connected = new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.connect(`unix://${server.socketPath}`);
  await connected;
  const client = new axonRpc.Client(socket);
  const params = { id: ground.sessionId };
  const call = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client.call('session.get', params, (error, result) => (error ? reject(error) : resolve(result)));
    });
  return {
    pids: [server.pid],
    pump: (count, window) => pumpCalls(call, count, window),
    async close() {
      socket.close();
      await server.end();
    },
  };
}

async function openWatchman({ daemon }: Ground): Promise<Peer | undefined> {
  if (toolMissing('watchman', ['--version'])) return undefined;
  const socketPath = daemon.path('watchman.sock');
  const files = ['statefile', 'logfile', 'pidfile'].map((name) => `--${name}=${daemon.path(`watchman-${name}`)}`);
  const child = spawn('watchman', ['--foreground', '--no-save-state', `--sockname=${socketPath}`, ...files], {
    env: daemon.env,
    stdio: 'ignore',
  });
  const client = await until('watchman to listen', () => connectLines(socketPath).catch(() => undefined));
  return {
    pids: [child.pid as number],
    async pump(count, window) {
      const last = await client.pump(() => '["version"]\n', count, window);
      if (!last.includes('"version"')) throw new Error(`watchman answered ${last}`);
    },
    async close() {
      client.close();
      await end(child);
    },
  };
}

async function openTmux({ daemon }: Ground): Promise<Peer> {
  const words = ['-S', daemon.path('peer-tmux.sock'), '-f', '/dev/null', '-C', 'new-session', '-s', 'peer', 'sleep 100000'];
  const child = spawn('tmux', words, { env: daemon.env, stdio: ['pipe', 'pipe', 'inherit'] });
  let answers = 0;
  let heard = (): void => {};
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    answers += lines.filter((line) => line.startsWith('%end ')).length;
    heard();
  });
  const answered = (count: number): Promise<void> =>
    new Promise((resolve) => {
      heard = () => answers >= count && resolve();
      heard();
    });
  await answered(1);
  let pid = 0;
  const pidLine = once(child.stdout, 'data') as Promise<[string]>;
  child.stdin.write("display-message -p 'pid #{pid}'\n");
  pid = Number(/pid (\d+)/.exec((await pidLine)[0])?.[1]);
  await answered(2);
  return {
    pids: [child.pid as number, pid],
    async pump(count, window) {
      const before = answers;
      let sent = 0;
      while (answers - before < count) {
        const room = Math.min(window - (sent - (answers - before)), count - sent);
        if (room > 0) child.stdin.write('display-message -p x\n'.repeat(room));
        sent += room;
        await answered(answers + 1);
      }
    },
    async close() {
      const gone = once(child, 'exit');
      child.stdin.write('kill-server\n');
      await gone;
    },
  };
}

async function startServer({ daemon }: Ground, library: string) {
  const program = new URL('./peer-server.mjs', import.meta.url).pathname;
  const socketPath = daemon.path(`${library}.sock`);
  const child = spawn(process.execPath, [program, library, socketPath, daemon.path('answers.json')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the server of ${library} did not start`))),
  ]);
  return { socketPath, pid: child.pid as number, end: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
