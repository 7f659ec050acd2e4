// The WebSocket of a real daemon: its port and secrets, as a client of the same user finds them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peer } from '../../rpc/peer.ts';
import { connectWebSocket } from '../../rpc/websocket-client.ts';
import type { RealDaemon } from './real-daemon.ts';

export interface Door {
  readonly port: number;
  readonly secret: string;
  readonly token: string;
}

export function doorOf({ home }: RealDaemon): Door {
  const endpoint = JSON.parse(readFileSync(join(home.stateDir, 'endpoint.json'), 'utf8')) as {
    webSocket: { port: number };
    secret: string;
  };
  return { port: endpoint.webSocket.port, secret: endpoint.secret, token: readFileSync(join(home.stateDir, 'token'), 'utf8').trim() };
}

export const hello = { protocolVersion: 1, client: { name: 'test', version: '1' } };

export async function openDoor({ port }: Door, token: string): Promise<Peer> {
  const peer = new Peer(await connectWebSocket({ port, token }));
  await peer.call('daemon.hello', hello);
  return peer;
}
