// Relays a pair of streams to the socket of the daemon, byte for byte, for programs that can only spawn.
import { createConnection, type Socket } from 'node:net';

export function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Ends when either side has ended, and tells which. What the daemon still answers after the last byte of `input` is passed on. */
export function relay(socket: Socket, input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<'daemon' | 'program'> {
  return new Promise((resolve) => {
    let first: 'daemon' | 'program' | undefined;
    const end = (): void => {
      input.unpipe(socket);
      input.pause();
      socket.destroy();
      resolve(first ?? 'daemon');
    };
    input.on('end', () => {
      first ??= 'program';
    });
    output.on('close', () => {
      first ??= 'program';
    });
    // A side that breaks is a side that has ended: there is nobody to tell.
    socket.on('error', () => undefined);
    socket.on('close', end);
    socket.on('end', () => socket.destroySoon());
    output.on('close', end);
    input.pipe(socket);
    socket.pipe(output, { end: false });
  });
}
