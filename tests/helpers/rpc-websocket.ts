// A WebSocket listener over the test table, with one token and one allowed Origin.
import { Peer } from '../../rpc/peer.ts';
import { proofOf } from '../../rpc/proof.ts';
import { safeEqual } from '../../rpc/safe-equal.ts';
import { createWebSocketServer, type WebSocketListener, type WebSocketServerOptions } from '../../rpc/websocket.ts';
import { type TestContext, testContext, testDispatcher } from './rpc-table.ts';

export const token = 'T0ken-with_safe.characters';
export const bearer = `Authorization: Bearer ${token}`;
export const challenge = 'ab'.repeat(16);

type Options = WebSocketServerOptions<TestContext>;

export function createListener(options: Partial<Options> = {}): WebSocketListener {
  return createWebSocketServer<TestContext>({
    port: 0,
    allowedOrigins: () => ['https://good.example'],
    authenticate: (shown) => (safeEqual(shown, token) ? testContext('read') : undefined),
    proof: (hex) => proofOf('the secret', hex),
    onConnection: (transport, context) => {
      new Peer<TestContext>(transport, { dispatcher: testDispatcher(), context });
    },
    ...options,
  });
}
