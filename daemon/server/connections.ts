// All connections: who is on them, what they subscribed to, and when one is too slow to keep.
import type { Dispatcher } from '../../rpc/bind.ts';
import { errorText } from '../../rpc/envelope.ts';
import { createMemoryPair } from '../../rpc/memory-transport.ts';
import { Peer } from '../../rpc/peer.ts';
import type { Transport } from '../../rpc/transport.ts';
import { failureToWire } from '../../rpc/wire-error.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Caller } from '../auth/caller.ts';
import type { Feed } from '../events/feed.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { Connection, Upgrade, Upgraded } from './connection.ts';

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

export interface ConnectionsDeps {
  readonly dispatcher: Dispatcher<Connection>;
  readonly feed: Feed;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export function createConnections({ dispatcher, feed, deadlines, clock, ids, log }: ConnectionsDeps): Connections {
  const open = new Map<Connection, Peer<Connection>>();
  /** Sockets that speak another protocol now. */
  const upgraded = new Set<Upgraded>();
  feed.listen({
    advanced: () => {
      for (const connection of open.keys()) for (const subscription of connection.subscriptions.values()) subscription.pump();
    },
    ephemeral: (event) => {
      for (const connection of open.keys()) for (const subscription of connection.subscriptions.values()) subscription.ephemeral(event);
    },
  });

  const accept = (transport: Transport, caller: Caller, { helloMs }: { helloMs?: number } = {}): void => {
    if (open.size >= limits.connections) {
      log.warn({ limit: limits.connections }, 'a connection was refused: there are too many');
      const message = `The daemon serves ${limits.connections} connections at most; close some first.`;
      const failure = new Failure('LIMIT_EXCEEDED', message, { details: { limit: 'connections', value: limits.connections } });
      transport.start({ message: () => {}, fault: () => {}, drain: () => {}, close: () => {} });
      transport.send(errorText(null, failureToWire(failure)));
      transport.close({ code: 1013, message });
      return;
    }
    const id = ids.random(12);
    const stuckKey = `connection:${id}`;
    const expiryKey = `caller:${id}`;
    let current = caller;
    const watchExpiry = (): void => {
      if (current.expiresAt === undefined) deadlines.clear(expiryKey);
      else deadlines.set(expiryKey, current.expiresAt, () => connection.close('the token has expired'));
    };
    const connection: Connection = {
      id,
      get caller() {
        return current;
      },
      set caller(next) {
        current = next;
        watchExpiry();
      },
      subscriptions: new Map(),
      outlet: {
        get unsentBytes() {
          return peer.unsentBytes;
        },
        sendText(text) {
          peer.notifyText(text);
          if (peer.unsentBytes <= limits.unsentBytes || isStuck) return;
          isStuck = true;
          deadlines.set(stuckKey, clock.now() + limits.stuckConnectionMs, () => connection.close('nothing was read for too long'));
        },
      },
      close: (reason) => peer.close({ code: 1008, message: reason }),
      upgrade: (serve) => upgrade(peer, connection, serve),
    };
    let isStuck = false;
    const peer: Peer<Connection> = new Peer<Connection>(transport, {
      dispatcher,
      context: connection,
      ...(helloMs === undefined ? {} : { helloMs }),
      onListenerError: (error, method) => log.error({ err: error, method }, 'a listener failed'),
    });
    peer.onDrain(() => {
      isStuck = false;
      deadlines.clear(stuckKey);
      for (const subscription of connection.subscriptions.values()) subscription.pump();
    });
    open.set(connection, peer);
    watchExpiry();
    void peer.closed.then(() => {
      open.delete(connection);
      deadlines.clear(stuckKey);
      deadlines.clear(expiryKey);
      for (const subscription of connection.subscriptions.values()) subscription.close();
    });
  };
  const upgrade = (peer: Peer<Connection>, connection: Connection, serve: Upgrade): void => {
    const hasSocket = peer.detachWhenIdle((detached) => {
      const session = serve(detached, () => {
        const [near, far] = createMemoryPair();
        accept(far, connection.caller);
        return near;
      });
      upgraded.add(session);
      void session.closed.then(() => upgraded.delete(session));
    });
    if (hasSocket) return;
    throw new Failure('PRECONDITION', 'This connection can not change its protocol; make the call on the Unix socket.', {
      details: { reason: 'no_socket' },
    });
  };
  return {
    accept,
    closeOfToken(tokenId) {
      // The answer to one that revokes its own token leaves first.
      setImmediate(() => {
        for (const connection of open.keys()) if (connection.caller.tokenId === tokenId) connection.close('the token was revoked');
      });
    },
    get count() {
      return open.size;
    },
    get subscriptionCount() {
      return [...open.keys()].reduce((sum, connection) => sum + connection.subscriptions.size, 0);
    },
    get lagEvents() {
      const positions = [...open.keys()].flatMap((connection) => [...connection.subscriptions.values()].map(({ position }) => position));
      return feed.lastSeq() - Math.min(feed.lastSeq(), ...positions);
    },
    async close(reason) {
      for (const session of upgraded) session.close(reason);
      const peers = [...open.values()];
      for (const peer of peers) peer.close({ code: 1001, message: reason });
      await Promise.all([...peers, ...upgraded].map(({ closed }) => closed));
    },
  };
}
