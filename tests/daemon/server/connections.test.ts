import { describe, expect, test } from 'vitest';
import { owner } from '../../../daemon/auth/caller.ts';
import { createFeed } from '../../../daemon/events/feed.ts';
import { createSubscription } from '../../../daemon/events/subscription.ts';
import { createDeadlines } from '../../../daemon/kernel/deadline.ts';
import type { Ids } from '../../../daemon/kernel/ids.ts';
import type { Log } from '../../../daemon/kernel/log.ts';
import type { Connection } from '../../../daemon/server/connection.ts';
import { createConnections } from '../../../daemon/server/connections.ts';
import type { Dispatcher } from '../../../rpc/dispatcher.ts';
import { createMemoryPair } from '../../../rpc/memory-transport.ts';
import { Peer } from '../../../rpc/peer.ts';
import { limits } from '../../../schemas/limits.ts';
import { createManualClock, settled } from '../../helpers/manual-clock.ts';
import { openTestStore } from '../../helpers/open-store.ts';

const quiet = { warn: () => undefined, error: () => undefined } as unknown as Log;

/** Connections whose one method is `subscribe`: from the beginning of the log. */
function stand() {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const { store } = opened;
  const deadlines = createDeadlines(clock);
  const feed = createFeed({ store, clock, epoch: 'e1' });
  let lastId = 0;
  const ids: Ids = {
    next: (prefix) => {
      lastId += 1;
      return `${prefix}_${lastId}`;
    },
    random: (length) => {
      lastId += 1;
      return String(lastId).padStart(length, '0');
    },
  };
  const dispatcher: Dispatcher<Connection> = {
    find: () => ({
      isRead: true,
      async answer({ id = null }, { context }) {
        const options = { id: 'sub', feed, outlet: context.outlet, afterSeq: 0, output: false, later: setImmediate };
        const subscription = createSubscription(options);
        context.subscriptions.set('sub', subscription);
        setImmediate(subscription.pump);
        return { jsonrpc: '2.0', id, result: {} };
      },
    }),
  };
  const connections = createConnections({ dispatcher, feed, deadlines, clock, ids, log: quiet });
  const fill = (): Promise<void> =>
    store.write((w) => {
      for (let n = 0; n < 200; n += 1) {
        w.events.append({ type: 'daemon.stopping', subject: {}, actor: 'daemon', data: { reason: 'x'.repeat(60_000) } });
      }
    });
  const connect = () => {
    const [near, far] = createMemoryPair();
    connections.accept(far, owner);
    return { near, far, peer: new Peer(near) };
  };
  return { clock, store, connections, deadlines, fill, connect, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

describe('a connection', () => {
  test('whose client takes nothing for 60 s is closed, and no other notices', async () => {
    using place = stand();
    const { clock, connections, connect, fill } = place;
    const slow = connect();
    const good = connect();
    let got = 0;
    good.peer.onNotification('event', () => {
      got += 1;
    });
    await Promise.all([slow.peer.call('subscribe'), good.peer.call('subscribe')]);
    slow.near.pause?.();
    await fill();
    while (slow.far.unsentBytes < limits.unsentBytes) await settled();
    expect(slow.far.unsentBytes).toBeLessThan(limits.unsentBytes + 2 * limits.eventNotificationBytes);
    clock.advance(limits.stuckConnectionMs - 1);
    await settled();
    expect(connections.count).toBe(2);
    clock.advance(1);
    await slow.peer.closed;
    await settled();
    expect(connections.count).toBe(1);
    const before = got;
    await fill();
    while (got === before) await settled();
  });

  test('that takes nothing is as far behind as the log has grown since, and not at all once it took everything', async () => {
    using place = stand();
    const { connections, connect, fill } = place;
    const slow = connect();
    const good = connect();
    expect(connections.lagEvents).toBe(0);
    await Promise.all([slow.peer.call('subscribe'), good.peer.call('subscribe')]);
    slow.near.pause?.();
    await fill();
    while (slow.far.unsentBytes < limits.unsentBytes) await settled();
    const behind = connections.lagEvents;
    expect(behind).toBeGreaterThan(0);
    await fill();
    expect(connections.lagEvents).toBe(behind + 200);
    slow.near.resume?.();
    while (connections.lagEvents > 0) await settled();
  });

  test('that takes something in time is kept', async () => {
    using place = stand();
    const { clock, connections, deadlines, connect, fill } = place;
    const slow = connect();
    let got = 0;
    slow.peer.onNotification('event', () => {
      got += 1;
    });
    await slow.peer.call('subscribe');
    slow.near.pause?.();
    await fill();
    while (deadlines.size === 0) await settled();
    clock.advance(limits.stuckConnectionMs - 1);
    slow.near.resume?.();
    while (got < 200) await settled();
    clock.advance(limits.stuckConnectionMs * 2);
    await settled();
    expect(connections.count).toBe(1);
    expect(deadlines.size).toBe(0);
  });

  test('past the limit is told why before it is closed', async () => {
    using place = stand();
    const { connections, connect } = place;
    for (let count = 0; count < limits.connections; count += 1) connect();
    const [near, far] = createMemoryPair();
    connections.accept(far, owner);
    const texts: string[] = [];
    await new Promise<void>((resolve) => {
      near.start({ message: (text) => void texts.push(text), fault: () => undefined, drain: () => undefined, close: () => resolve() });
    });
    expect(texts.map((text) => JSON.parse(text))).toMatchObject([
      { id: null, error: { code: 4290, data: { kind: 'LIMIT_EXCEEDED', details: { value: limits.connections } } } },
    ]);
    expect(connections.count).toBe(limits.connections);
    await connections.close('over');
    expect(connections.count).toBe(0);
  });
});
