// The Unix socket: in a directory of our own, 0600, a stale one replaced only while the state lock is held.
import { chmod, lstat, mkdir, rename, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { Transport } from '../../rpc/transport.ts';
import { unixTransport } from '../../rpc/unix-socket.ts';
import { Failure } from '../../schemas/errors.ts';

export interface UnixListener {
  close(): Promise<void>;
}

export interface UnixListenerOptions {
  readonly socketPath: string;
  readonly uid: number;
  readonly onConnection: (transport: Transport) => void;
  readonly onError: (error: Error) => void;
}

/** A socket that the service manager has opened: it stays when this process goes, and who connects meanwhile is answered by the next one. */
export async function adoptUnix({
  fd,
  onConnection,
  onError,
}: { fd: number } & Pick<UnixListenerOptions, 'onConnection' | 'onError'>): Promise<UnixListener> {
  const server = createUnixServer(onConnection);
  await listen(server, { fd });
  server.on('error', onError);
  return {
    async close() {
      server.close();
    },
  };
}

/** Call only while holding the state lock: whatever socket lies there is then nobody's any more. */
export async function listenUnix({ socketPath, uid, onConnection, onError }: UnixListenerOptions): Promise<UnixListener> {
  await claimDirectory(dirname(socketPath), uid);
  await removeStaleSocket(socketPath);
  const server = createUnixServer(onConnection);
  // Bound under another name and renamed: it appears closed to others, and Node, which unlinks at the end the name that it bound, whoever
  // has it by then, finds none.
  const boundPath = besideOf(socketPath);
  await removeStaleSocket(boundPath);
  await listen(server, { path: boundPath });
  server.on('error', onError);
  await chmod(boundPath, 0o600);
  const own = await lstat(boundPath);
  await rename(boundPath, socketPath);
  return {
    async close() {
      const found = await lstat(socketPath).catch(() => undefined);
      // File systems give numbers out again at once, so the birth counts too.
      if (found?.ino === own.ino && found.birthtimeMs === own.birthtimeMs) await unlink(socketPath);
      // Connections end by themselves; nobody waits for them here.
      server.close();
    },
  };
}

/** A name of the same length in the same folder, since the path may not be longer. */
function besideOf(path: string): string {
  return path.slice(0, -1) + (path.endsWith('~') ? '_' : '~');
}

/** Makes the directory, or checks that it is ours, closed to others and no link: else someone could swap the socket. */
export async function claimDirectory(dir: string, uid: number): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    // Something else has the name; what it is gets told below.
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(dir);
  const problem = found.isSymbolicLink()
    ? 'is a symbolic link'
    : !found.isDirectory()
      ? 'is not a directory'
      : found.uid !== uid
        ? `belongs to user ${found.uid}`
        : (found.mode & 0o077) !== 0
          ? `has mode 0${(found.mode & 0o777).toString(8)}`
          : undefined;
  if (problem === undefined) return;
  throw new Failure('PRECONDITION', `The directory "${dir}" ${problem}; it must be a directory of yours with mode 0700 (chmod 700).`, {
    details: { reason: 'unsafe_directory', path: dir },
  });
}

async function removeStaleSocket(socketPath: string): Promise<void> {
  const found = await lstat(socketPath).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket()) {
    throw new Failure('PRECONDITION', `"${socketPath}" is in the way and is not a socket; move it away.`, {
      details: { reason: 'not_a_socket', path: socketPath },
    });
  }
  await unlink(socketPath);
}

/** Half-open, so that a client that ends its side after asking still gets its answers. */
function createUnixServer(onConnection: UnixListenerOptions['onConnection']): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    onConnection(unixTransport(socket));
  });
}

function listen(server: Server, where: { path: string } | { fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: 511 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
