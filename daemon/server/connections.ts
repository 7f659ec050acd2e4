// All connections there are: who comes in, and what all of them are told.
import { errorText } from '../../rpc/envelope.ts';
import { createMemoryPair } from '../../rpc/memory-transport.ts';
import type { Transport } from '../../rpc/transport.ts';
import { failureToWire } from '../../rpc/wire-error.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Caller } from '../auth/caller.ts';
import type { Feed } from '../events/feed.ts';
import type { Ids } from '../kernel/ids.ts';
import { ClientConnection, type ClientDeps, type ClientOptions } from './client-connection.ts';
import type { Upgraded } from './connection.ts';

export interface Connections {
  accept(transport: Transport, caller: Caller, options?: { helloMs?: number }): void;
  closeOfToken(tokenId: string): void;
  readonly count: number;
  readonly subscriptionCount: number;
  /** How many events of the log the slowest subscription has not been sent. */
  readonly lagEvents: number;
  /** Ends all; resolves when they are gone. */
  close(reason: string): Promise<void>;
}

export interface ConnectionsDeps extends ClientDeps {
  readonly feed: Feed;
  readonly ids: Ids;
}

export function createConnections(deps: ConnectionsDeps): Connections {
  const { feed, ids, log } = deps;
  const open = new Set<ClientConnection>();
  /** Sockets that speak another protocol now. */
  const upgrades = new Set<Upgraded>();
  feed.listen({
    advanced: () => {
      for (const connection of open) for (const subscription of connection.subscriptions.values()) subscription.pump();
    },
    ephemeral: (event) => {
      for (const connection of open) for (const subscription of connection.subscriptions.values()) subscription.ephemeral(event);
    },
  });

  const accept = (transport: Transport, caller: Caller, { helloMs }: { helloMs?: number } = {}): void => {
    if (open.size >= limits.connections) {
      refuse(transport);
      return;
    }
    const connection = new ClientConnection(deps, { id: ids.random(12), transport, caller, helloMs, upgraded });
    open.add(connection);
    void connection.closed.then(() => open.delete(connection));
  };
  const refuse = (transport: Transport): void => {
    log.warn({ limit: limits.connections }, 'a connection was refused: there are too many');
    const message = `The daemon serves ${limits.connections} connections at most; close some first.`;
    const failure = new Failure('LIMIT_EXCEEDED', message, { details: { limit: 'connections', value: limits.connections } });
    transport.start({ message: () => {}, fault: () => {}, drain: () => {}, close: () => {} });
    transport.send(errorText(null, failureToWire(failure)));
    transport.close({ code: 1013, message });
  };
  const upgraded: ClientOptions['upgraded'] = (serve, detached, { caller }) => {
    const session = serve(detached, () => {
      const [near, far] = createMemoryPair();
      accept(far, caller);
      return near;
    });
    upgrades.add(session);
    void session.closed.then(() => upgrades.delete(session));
  };
  return {
    accept,
    closeOfToken(tokenId) {
      // The answer to one that revokes its own token leaves first.
      setImmediate(() => {
        for (const connection of open) if (connection.caller.tokenId === tokenId) connection.close('the token was revoked');
      });
    },
    get count() {
      return open.size;
    },
    get subscriptionCount() {
      return [...open].reduce((sum, connection) => sum + connection.subscriptions.size, 0);
    },
    get lagEvents() {
      const positions = [...open].flatMap((connection) => [...connection.subscriptions.values()].map(({ position }) => position));
      return feed.lastSeq() - Math.min(feed.lastSeq(), ...positions);
    },
    async close(reason) {
      for (const session of upgrades) session.close(reason);
      const ending = [...open];
      for (const connection of ending) connection.close(reason, 1001);
      await Promise.all([...ending, ...upgrades].map(({ closed }) => closed));
    },
  };
}
