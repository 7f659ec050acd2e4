// One editor on a socket that spoke JSON-RPC of ours before: from here on it speaks the Agent Client Protocol.
import { Readable, Writable } from 'node:stream';
import { ndJsonStream } from '@agentclientprotocol/sdk';
import type { DetachedSocket, Transport } from '../../../rpc/transport.ts';
import { limits } from '../../../schemas/limits.ts';
import type { Upgraded } from '../connection.ts';
import { createDaemonClient } from './daemon-client.ts';
import { createFace, type FaceDeps } from './face.ts';

export type AcpOptions = Omit<FaceDeps, 'daemon'>;

export function serveAcp({ socket, rest }: DetachedSocket, transport: Transport, options: AcpOptions): Upgraded {
  if (rest.length > 0) socket.unshift(rest);
  const daemon = createDaemonClient(transport);
  const face = createFace({ ...options, daemon });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  // An editor that is gone is told nothing; its end comes as "close".
  socket.on('error', () => undefined);
  const stream = ndJsonStream(Writable.toWeb(socket), Readable.toWeb(socket), { maxMessageBytes: limits.messageBytes });
  const connection = face.app.connect(stream);
  const end = (): void => {
    face.end();
    connection.close();
    daemon.close();
    socket.destroySoon();
  };
  // A web stream of a socket that may be half open does not tell that the editor has ended its side.
  socket.once('end', end);
  void connection.closed.then(end);
  void daemon.closed.then(end);
  void closed.then(end);
  return { closed, close: end };
}
