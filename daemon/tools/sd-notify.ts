// Tells the service manager how the daemon is: by a datagram where the module for these is installed, else by the program of systemd.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';

export interface SdNotify {
  ready(status: string): void;
  stopping(): void;
  /** Still there. */
  alive(): void;
  /** Nothing more is told. An open socket would keep the process. */
  close(): void;
}

export interface SdNotifyOptions {
  /** undefined: nobody wants to know. */
  readonly socket: string | undefined;
  /** It could not be told. */
  readonly onError: (error: Error) => void;
}

interface DatagramSocket {
  send(bytes: Buffer, offset: number, length: number, path: string, done: (error?: Error) => void): void;
  close(): void;
}

export function createSdNotify({ socket, onError }: SdNotifyOptions): SdNotify {
  const nothing = (): void => undefined;
  if (socket === undefined) return { ready: nothing, stopping: nothing, alive: nothing, close: nothing };
  const { send, close } = senderTo(socket, onError);
  return {
    ready: (status) => send(['READY=1', `STATUS=${status}`]),
    stopping: () => send(['STOPPING=1']),
    alive: () => send(['WATCHDOG=1']),
    close,
  };
}

interface Sender {
  send(words: readonly string[]): void;
  close(): void;
}

function senderTo(path: string, onError: (error: Error) => void): Sender {
  const told = (error?: Error | null): void => {
    if (error) onError(error);
  };
  const datagrams = path.startsWith('/') ? openDatagrams() : undefined;
  if (datagrams === undefined) {
    // Its pid is another one, so the unit allows all of its processes to speak.
    const env = { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: path };
    return { send: (words) => void execFile('systemd-notify', words, { env }, told), close: () => undefined };
  }
  return {
    send(words) {
      const bytes = Buffer.from(words.join('\n'));
      datagrams.send(bytes, 0, bytes.length, path, told);
    },
    close: () => datagrams.close(),
  };
}

/** Node itself has no datagrams on Unix sockets; the module is optional, since it is compiled. */
function openDatagrams(): DatagramSocket | undefined {
  try {
    const { createSocket } = createRequire(import.meta.url)('unix-dgram') as { createSocket(type: string): DatagramSocket };
    return createSocket('unix_dgram');
  } catch {
    return undefined;
  }
}
