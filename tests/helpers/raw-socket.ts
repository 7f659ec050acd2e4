// A Unix socket written to by hand: what no well-behaved client would send, and everything that comes back.
import { createConnection, type Socket } from 'node:net';
import { until } from './until.ts';

export interface RawSocket extends AsyncDisposable {
  readonly socket: Socket;
  write(text: string | Buffer): void;
  /** Ends the sending half only. */
  end(): void;
  /** All that came so far. */
  text(): string;
  /** The messages that came so far, as lines of JSON. */
  messages(): unknown[];
  /** Waits for so many messages, or for the end of the connection. */
  takes(count: number): Promise<unknown[]>;
  readonly isClosed: boolean;
  readonly closed: Promise<void>;
}

export async function openRaw(path: string): Promise<RawSocket> {
  const socket = createConnection({ path, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let isClosed = false;
  socket.on('data', (chunk) => void chunks.push(chunk));
  // The other side has ended: so do we, as nc does.
  socket.on('end', () => socket.end());
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const text = (): string => Buffer.concat(chunks).toString('utf8');
  const messages = (): unknown[] =>
    text()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    text,
    messages,
    async takes(count) {
      await until(`${count} messages`, () => isClosed || messages().length >= count);
      return messages();
    },
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
