import { describe, expect, test } from 'vitest';
import type { ConfigService } from '../../../daemon/config/service.ts';
import { createFeed, type Feed } from '../../../daemon/events/feed.ts';
import { createSubscription, type SubscriptionOptions } from '../../../daemon/events/subscription.ts';
import { keepHouse } from '../../../daemon/jobs/housekeeping.ts';
import type { Log } from '../../../daemon/kernel/log.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { Config } from '../../../schemas/config.ts';
import type { Subject } from '../../../schemas/event.ts';
import { range } from '../../helpers/event-flow.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { openTestStore } from '../../helpers/open-store.ts';

const dayMs = 24 * 60 * 60 * 1000;
const quiet = { info: () => undefined, error: () => undefined } as unknown as Log;
const configOf = (keep_days: number, keep_rows: number) =>
  ({ current: Config.parse({ events: { keep_days, keep_rows } }) }) as unknown as ConfigService;

async function write(store: Store, count: number, subject: Subject = {}): Promise<void> {
  await store.write((w) => {
    for (let n = 0; n < count; n += 1) {
      w.events.append({ type: 'daemon.stopping', subject, actor: 'daemon', data: { reason: `event ${n}` } });
    }
  });
}

/** A connection of which a test says when it takes anything. */
function subscribe(feed: Feed, options: Partial<SubscriptionOptions> = {}) {
  const sent: { method: string; params: { events?: { seq: number }[]; from?: number; to?: number; reason?: string; cursor?: string } }[] =
    [];
  const turns: (() => void)[] = [];
  const outlet = { unsentBytes: 0, sendText: (text: string) => void sent.push(JSON.parse(text)) };
  const subscription = createSubscription({
    ...{ id: 'sub', feed, outlet, afterSeq: 0, output: false, later: (resume) => void turns.push(resume) },
    ...options,
  });
  const settle = (): void => {
    for (let turn = turns.shift(); turn; turn = turns.shift()) turn();
  };
  const pump = (): void => {
    subscription.pump();
    settle();
  };
  return { subscription, outlet, sent, pump, turns, seqs: () => sent.flatMap(({ params }) => params.events?.map(({ seq }) => seq) ?? []) };
}

describe('housekeeping', () => {
  test('keeps the newest rows and no more, in slices, and the numbers go on', async () => {
    using opened = openTestStore();
    const { store } = opened;
    await write(store, 3_500);
    const clock = createManualClock(Date.now());
    expect(await keepHouse({ store, clock, config: configOf(30, 1_000), log: quiet })).toEqual({ events: 2_500, receipts: 0 });
    expect(store.read((r) => [r.events.firstSeq(), r.events.lastSeq()])).toEqual([2_501, 3_500]);
    expect(await keepHouse({ store, clock, config: configOf(30, 1_000), log: quiet })).toEqual({ events: 0, receipts: 0 });
    await write(store, 1);
    expect(store.read((r) => r.events.lastSeq())).toBe(3_501);
  });

  test('deletes what is too old, and an empty log still knows its last number', async () => {
    const clock = createManualClock();
    using opened = openTestStore({ clock });
    const { store } = opened;
    await write(store, 10);
    clock.advance(2 * dayMs);
    await write(store, 5);
    expect((await keepHouse({ store, clock, config: configOf(1, 1_000), log: quiet })).events).toBe(10);
    clock.advance(2 * dayMs);
    expect((await keepHouse({ store, clock, config: configOf(1, 1_000), log: quiet })).events).toBe(5);
    expect(store.read((r) => [r.events.firstSeq(), r.events.lastSeq()])).toEqual([16, 15]);
  });

  test('tells a subscriber that was behind which events are gone, and goes on with the first that is kept', async () => {
    using opened = openTestStore();
    const { store } = opened;
    const clock = createManualClock(Date.now());
    const feed = createFeed({ store, clock, epoch: 'e1' });
    await write(store, 100);
    const { outlet, sent, pump, seqs } = subscribe(feed);
    pump();
    expect(seqs()).toEqual(range(1, 100));
    outlet.unsentBytes = 8 * 1024 * 1024;
    for (let round = 0; round < 5; round += 1) await write(store, 1_000);
    pump();
    expect(seqs()).toEqual(range(1, 100));
    await keepHouse({ store, clock, config: configOf(30, 1_000), log: quiet });
    outlet.unsentBytes = 0;
    pump();
    const gaps = sent.filter(({ method }) => method === 'event.gap').map(({ params }) => params);
    expect(gaps).toEqual([{ subscriptionId: 'sub', from: 101, to: 4_100, reason: 'pruned' }]);
    expect(seqs()).toEqual([...range(1, 100), ...range(4_101, 5_100)]);
  });

  test('tells so also where nothing that is kept passes the filter', async () => {
    using opened = openTestStore();
    const { store } = opened;
    const clock = createManualClock(Date.now());
    const mine = { projectId: 'prj_mine' };
    await write(store, 10, mine);
    for (let round = 0; round < 4; round += 1) await write(store, 1_000);
    await keepHouse({ store, clock, config: configOf(30, 1_000), log: quiet });
    const feed = createFeed({ store, clock, epoch: 'e1' });
    const { sent, pump, seqs } = subscribe(feed, { subject: mine });
    pump();
    expect(sent.map(({ params }) => params)).toEqual([{ subscriptionId: 'sub', from: 1, to: 3_010, reason: 'pruned' }]);
    await write(store, 1, mine);
    pump();
    expect(seqs()).toEqual([4_011]);
  });
});

describe('a subscription', () => {
  test('that was closed in the middle of a replay reads and sends nothing more', async () => {
    using opened = openTestStore();
    const { store } = opened;
    for (let round = 0; round < 4; round += 1) await write(store, 1_000);
    const feed = createFeed({ store, clock: createManualClock(), epoch: 'e1' });
    const { subscription, turns, sent } = subscribe(feed);
    subscription.pump();
    const count = sent.length;
    expect(turns).toHaveLength(1);
    subscription.close();
    turns.shift()?.();
    subscription.pump();
    expect(turns).toHaveLength(0);
    expect(sent).toHaveLength(count);
  });

  test('stops within a page when the connection is full, and goes on behind what it sent', async () => {
    using opened = openTestStore();
    const { store } = opened;
    await store.write((w) => {
      for (let n = 0; n < 50; n += 1) {
        w.events.append({ type: 'daemon.stopping', subject: {}, actor: 'daemon', data: { reason: 'x'.repeat(40_000) } });
      }
    });
    const feed = createFeed({ store, clock: createManualClock(), epoch: 'e1' });
    const sent: string[] = [];
    const outlet = {
      unsentBytes: 0,
      sendText(text: string) {
        sent.push(text);
        outlet.unsentBytes += 1024 * 1024;
      },
    };
    const { pump } = subscribe(feed, { outlet });
    pump();
    expect(sent).toHaveLength(4);
    for (let turn = 0; turn < 50; turn += 1) {
      outlet.unsentBytes = 0;
      pump();
    }
    const seqs = sent.flatMap((text) =>
      (JSON.parse(text) as { params: { events: { seq: number }[] } }).params.events.map(({ seq }) => seq),
    );
    expect(seqs).toEqual(range(1, 50));
  });
});
