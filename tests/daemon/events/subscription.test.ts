import { expect, test } from 'vitest';
import { createFeed, type Feed } from '../../../daemon/events/feed.ts';
import { createSubscription, type Outlet, type Subscription, type SubscriptionOptions } from '../../../daemon/events/subscription.ts';
import { openDatabase } from '../../../daemon/store/database.ts';
import type { SharedText } from '../../../rpc/shared-text.ts';
import { limits } from '../../../schemas/limits.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, type TestStore } from '../../helpers/open-store.ts';

interface Notification {
  method: string;
  params: {
    cursor: string;
    events: { seq?: number; type: string; data: { reason?: string } }[];
    shed?: number;
    from: number;
    to: number;
    reason: string;
  };
}

/** Takes everything, until the test says that it takes nothing any more. */
class FakeOutlet implements Outlet {
  unsentBytes = 0;
  stuck = false;
  readonly texts: string[] = [];

  sendText(text: string): void {
    this.texts.push(text);
    if (this.stuck) this.unsentBytes += text.length;
  }

  sendAround(before: string, { text }: SharedText, after: string): void {
    this.sendText(before + text + after);
  }

  drain(): void {
    this.stuck = false;
    this.unsentBytes = 0;
  }

  get sent(): Notification[] {
    return this.texts.map((text) => JSON.parse(text) as Notification);
  }

  get seqs(): number[] {
    return this.sent.flatMap(({ params }) => (params.events ?? []).flatMap(({ seq }) => (seq === undefined ? [] : [seq])));
  }
}

interface Setup extends Disposable {
  readonly opened: TestStore;
  readonly feed: Feed;
  readonly outlet: FakeOutlet;
  readonly turns: (() => void)[];
  subscribe(options?: Partial<SubscriptionOptions>): Subscription;
  append(count: number, reason?: string): Promise<void>;
  /** Another daemon's view of the same log: nothing in memory. */
  restarted(): Feed;
}

function setUp(): Setup {
  const opened = openTestStore();
  const clock = createManualClock();
  const feed = createFeed({ store: opened.store, clock, epoch: 'e1' });
  const outlet = new FakeOutlet();
  const turns: (() => void)[] = [];
  return {
    opened,
    feed,
    outlet,
    turns,
    subscribe(options = {}) {
      const later = (resume: () => void): void => void turns.push(resume);
      const subscription = createSubscription({ id: 'sub_1', feed, outlet, afterSeq: 0, later, ...options });
      feed.listen({ advanced: subscription.pump, ephemeral: subscription.ephemeral });
      return subscription;
    },
    async append(count, reason = 'x') {
      await opened.store.write((w) => {
        for (let n = 0; n < count; n++) w.events.append({ type: 'daemon.stopping', subject: {}, actor: 'owner', data: { reason } });
      });
    },
    restarted: () => createFeed({ store: opened.store, clock, epoch: 'e1' }),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const changed = (path: string) => ({ type: 'config.fileChanged', subject: {}, actor: 'daemon', data: { path } }) as const;

test('what one commit brings goes out at once, in one notification with the cursor behind it', async () => {
  using setup = setUp();
  setup.subscribe();
  await setup.append(3);
  expect(setup.outlet.sent).toMatchObject([{ method: 'event', params: { subscriptionId: 'sub_1', cursor: 'e1:3' } }]);
  expect(setup.outlet.seqs).toEqual([1, 2, 3]);
  expect(setup.outlet.sent[0]?.params).not.toHaveProperty('shed');
});

test('a position in the past replays in slices, with room between them, then goes on live without gap or duplicate', async () => {
  using setup = setUp();
  const total = 3 * limits.eventPageRows + 7;
  await setup.append(total);
  const subscription = setup.subscribe({ feed: setup.restarted(), afterSeq: 5 });
  subscription.pump();
  expect(setup.outlet.seqs).toHaveLength(limits.eventPageRows);
  expect(setup.turns).toHaveLength(1);
  subscription.pump();
  expect(setup.outlet.seqs).toHaveLength(limits.eventPageRows);
  while (setup.turns.length > 0) setup.turns.shift()?.();
  expect(setup.outlet.seqs).toEqual(range(6, total));
});

test('an event that another program has written down with line feeds leaves as one line, as all do', async () => {
  using setup = setUp();
  await setup.append(2);
  const db = openDatabase(setup.opened.path);
  db.exec("UPDATE events SET body = replace(body, ',', ',' || char(10))");
  db.close();
  setup.subscribe({ feed: setup.restarted() }).pump();
  expect(setup.outlet.seqs).toEqual([1, 2]);
  expect(setup.outlet.texts.join('')).not.toContain('\n');
});

test('events that come during a replay are sent once', async () => {
  using setup = setUp();
  await setup.append(limits.eventPageRows + 10);
  const subscription = setup.subscribe();
  subscription.pump();
  await setup.append(5);
  while (setup.turns.length > 0) setup.turns.shift()?.();
  await setup.append(1);
  expect(setup.outlet.seqs).toEqual(range(1, limits.eventPageRows + 16));
});

test('no notification is over 64 KB, and they follow each other without loss', async () => {
  using setup = setUp();
  await setup.append(40, 'y'.repeat(10_000));
  setup.subscribe().pump();
  expect(setup.outlet.texts.length).toBeGreaterThan(5);
  for (const text of setup.outlet.texts) expect(text.length).toBeLessThanOrEqual(limits.eventNotificationBytes);
  expect(setup.outlet.seqs).toEqual(range(1, 40));
  for (const { params } of setup.outlet.sent) expect(params.cursor).toBe(`e1:${params.events.at(-1)?.seq}`);
});

test('one event that is larger than a notification goes alone', async () => {
  using setup = setUp();
  await setup.append(1);
  await setup.append(1, 'y'.repeat(limits.eventNotificationBytes));
  await setup.append(1);
  setup.subscribe().pump();
  expect(setup.outlet.sent.map(({ params }) => params.events.length)).toEqual([1, 1, 1]);
});

test('a client that takes nothing gets nothing more; when it drains it goes on where it was', async () => {
  using setup = setUp();
  setup.outlet.stuck = true;
  const subscription = setup.subscribe();
  for (let n = 0; n < 200; n++) await setup.append(1, 'y'.repeat(50_000));
  expect(setup.outlet.unsentBytes).toBeGreaterThanOrEqual(limits.unsentBytes);
  expect(setup.outlet.unsentBytes).toBeLessThan(limits.unsentBytes + limits.eventNotificationBytes);
  const before = setup.outlet.seqs.length;
  setup.outlet.drain();
  subscription.pump();
  while (setup.turns.length > 0) setup.turns.shift()?.();
  expect(before).toBeLessThan(200);
  expect(setup.outlet.seqs).toEqual(range(1, 200));
});

test('a replay into a client that stops taking stays within the bound', async () => {
  using setup = setUp();
  for (let n = 0; n < 20; n++) await setup.append(10, 'y'.repeat(50_000));
  setup.outlet.stuck = true;
  const subscription = setup.subscribe({ feed: setup.restarted() });
  subscription.pump();
  while (setup.turns.length > 0) setup.turns.shift()?.();
  expect(setup.outlet.unsentBytes).toBeLessThan(limits.unsentBytes + limits.eventNotificationBytes);
  setup.outlet.drain();
  subscription.pump();
  while (setup.turns.length > 0) setup.turns.shift()?.();
  expect(setup.outlet.seqs).toEqual(range(1, 200));
});

test('ephemeral events are shed first, and the next notification tells how many', async () => {
  using setup = setUp();
  const subscription = setup.subscribe();
  setup.feed.emit(changed('/a'));
  expect(setup.outlet.sent).toMatchObject([{ params: { cursor: 'e1:0', events: [{ type: 'config.fileChanged' }] } }]);
  expect(setup.outlet.sent[0]?.params.events[0]).not.toHaveProperty('seq');
  setup.outlet.unsentBytes = limits.unsentBytes;
  for (let n = 0; n < 3; n++) setup.feed.emit(changed('/b'));
  await setup.append(1);
  expect(setup.outlet.texts).toHaveLength(1);
  setup.outlet.drain();
  subscription.pump();
  expect(setup.outlet.sent[1]?.params).toMatchObject({ shed: 3, cursor: 'e1:1' });
  setup.feed.emit(changed('/c'));
  expect(setup.outlet.sent[2]?.params).not.toHaveProperty('shed');
});

test('events that do not fit the filter move the position without being sent', async () => {
  using setup = setUp();
  const subscription = setup.subscribe({ types: ['session.*'] });
  await setup.append(5);
  expect(setup.outlet.texts).toEqual([]);
  const sessionId = idOf('ses', 1);
  await setup.opened.store.write((w) =>
    w.events.append({ type: 'session.cancelRequested', subject: { sessionId }, actor: 'owner', data: {} }),
  );
  subscription.pump();
  expect(setup.outlet.sent).toMatchObject([{ params: { cursor: 'e1:6' } }]);
  expect(setup.outlet.seqs).toEqual([6]);
});

test('a filter by subject replays from the log as it does live', async () => {
  using setup = setUp();
  const subject = { sessionId: idOf('ses', 1) };
  for (let n = 0; n < 6; n++) {
    await setup.opened.store.write((w) =>
      w.events.append({ type: 'session.cancelRequested', subject: n % 2 ? subject : {}, actor: 'owner', data: {} }),
    );
  }
  setup.subscribe({ feed: setup.restarted(), subject }).pump();
  expect(setup.outlet.seqs).toEqual([2, 4, 6]);
  await setup.append(1);
  expect(setup.outlet.seqs).toEqual([2, 4, 6]);
});

test.each([
  ['some', 4, range(5, 10)],
  ['all', 10, []],
])('when %s of what a client has not seen was pruned, it is told which', async (_, pruned, rest) => {
  using setup = setUp();
  await setup.append(10);
  await setup.opened.store.write((w) => w.events.prune({ beforeMs: 0, keepRows: 10 - pruned, limit: 100 }));
  setup.subscribe({ feed: setup.restarted(), afterSeq: 1 }).pump();
  expect(setup.outlet.sent[0]).toEqual({
    jsonrpc: '2.0',
    method: 'event.gap',
    params: { subscriptionId: 'sub_1', from: 2, to: pruned, reason: 'pruned' },
  });
  expect(setup.outlet.seqs).toEqual(rest);
});

test('the first of the log is the present one, also for who asked before it was pruned', async () => {
  using setup = setUp();
  await setup.append(10);
  expect(setup.feed.firstSeq()).toBe(1);
  await setup.opened.store.write((w) => w.events.prune({ beforeMs: 0, keepRows: 6, limit: 100 }));
  expect(setup.feed.firstSeq()).toBe(5);
});

test('a closed subscription sends nothing more, a replay under way included', async () => {
  using setup = setUp();
  await setup.append(limits.eventPageRows * 2);
  const subscription = setup.subscribe();
  subscription.pump();
  const sent = setup.outlet.texts.length;
  subscription.close();
  while (setup.turns.length > 0) setup.turns.shift()?.();
  await setup.append(1);
  setup.feed.emit(changed('/a'));
  expect(setup.outlet.texts).toHaveLength(sent);
});

test('the feed answers the same from memory as from the log', async () => {
  using setup = setUp();
  await setup.append(30);
  const fromLog = setup.restarted();
  for (const [after, limit] of [
    [0, 10],
    [5, 100],
    [29, 5],
    [30, 5],
    [99, 5],
  ] as const) {
    expect(setup.feed.page(after, limit)).toEqual(fromLog.page(after, limit));
  }
});

test('the feed keeps the newest texts only, and older ones come from the log', async () => {
  using setup = setUp();
  for (let n = 0; n < 3; n++) await setup.append(limits.liveEventTexts);
  const total = 3 * limits.liveEventTexts;
  expect(setup.feed.page(0, 3).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(setup.feed.page(total - 2, 10).map(({ seq }) => seq)).toEqual([total - 1, total]);
});
