// A real daemon that inputs are thrown at, and what has to be true of it after each of them.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createConnection } from 'node:net';
import { rssMiB } from '../helpers/processes.ts';
import { type RealDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { until } from '../helpers/until.ts';
import type { Framing } from './frame-stream.ts';

export interface FuzzedDaemon extends AsyncDisposable {
  readonly daemon: RealDaemon;
  readonly socketPath: string;
  open(framing: Framing): Promise<Connection>;
  /** The same process answers others, holds no connection but theirs, has logged no bug and has not grown past a bound. */
  checkUnharmed(): Promise<void>;
}

export interface Connection extends AsyncDisposable {
  write(bytes: Buffer): Promise<void>;
  /** What came so far, message by message. */
  messages(): unknown[];
  readonly isClosed: boolean;
  readonly closed: Promise<void>;
}

/** For buffers of a few messages of the greatest size, and a heap that has not been collected. */
const mostGrowthMiB = 256;

export async function openFuzzedDaemon(): Promise<FuzzedDaemon> {
  const daemon = await startRealDaemon();
  const { pid, home, client } = daemon;
  const rssAtFirst = rssMiB(pid);
  const log = openSync(home.logPath, 'r');
  let logRead = 0;
  const freshLog = (): string => {
    const fresh = Buffer.alloc(fstatSync(log).size - logRead);
    logRead += readSync(log, fresh, 0, fresh.length, logRead);
    return fresh.toString('utf8');
  };
  return {
    daemon,
    socketPath: home.socketPath,
    open: (framing) => connectTo(home.socketPath, framing),
    async checkUnharmed() {
      const answer = await client.daemon.ping();
      if (answer.pid !== pid) throw new Error(`process ${answer.pid} answers instead of ${pid}`);
      await until('the connection to be gone', async () => (await client.daemon.status()).counts.connections === 1);
      const bug = /^.*("level":"(error|fatal)"|by a bug|INTERNAL).*$/m.exec(freshLog());
      if (bug !== null) throw new Error(`the daemon logged: ${bug[0]}`);
      const grown = rssMiB(pid) - rssAtFirst;
      if (grown > mostGrowthMiB) throw new Error(`the daemon has grown by ${Math.round(grown)} MiB`);
    },
    async [Symbol.asyncDispose]() {
      closeSync(log);
      await daemon[Symbol.asyncDispose]();
    },
  };
}

async function connectTo(path: string, framing: Framing): Promise<Connection> {
  const socket = createConnection({ path, allowHalfOpen: true });
  const came: unknown[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let isClosed = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let next = take(rest, framing); next !== undefined; next = take(rest, framing)) {
      came.push(JSON.parse(next.text));
      rest = next.rest;
    }
  });
  socket.on('end', () => socket.end());
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true;
      resolve();
    });
  });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return {
    // What the daemon has ended takes nothing more.
    write: (bytes) => new Promise((resolve) => (socket.writable ? socket.write(bytes, () => resolve()) : resolve())),
    messages: () => [...came],
    get isClosed() {
      return isClosed;
    },
    closed,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

/** The first message, told apart by hand: nothing here knows our own reader. */
function take(bytes: Buffer, framing: Framing): { readonly text: string; readonly rest: Buffer } | undefined {
  if (bytes.length === 0) return undefined;
  // What begins with no framing is answered in lines.
  const inHeaders = framing === 'headers' && bytes[0] === 0x43;
  const end = bytes.indexOf(inHeaders ? '\r\n\r\n' : '\n');
  if (end === -1) return undefined;
  const start = inHeaders ? end + 4 : 0;
  const stop = inHeaders ? start + Number(/\d+/.exec(bytes.toString('latin1', 0, end))?.[0]) : end;
  if (bytes.length < stop) return undefined;
  return { text: bytes.toString('utf8', start, stop), rest: bytes.subarray(inHeaders ? stop : stop + 1) };
}
