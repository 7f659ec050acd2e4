import { describe, expect, test } from 'vitest';
import type { RetentionResult } from '../../../daemon/artifacts/retention.ts';
import type { ConfigService } from '../../../daemon/config/service.ts';
import { createFeed, type Feed } from '../../../daemon/events/feed.ts';
import { createSubscription, type SubscriptionOptions } from '../../../daemon/events/subscription.ts';
import type { Clock } from '../../../daemon/kernel/clock.ts';
import { byDaemon } from '../../../daemon/kernel/origin.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { type HouseDeps, type HouseOptions, type HouseResult, keepHouse } from '../../../daemon/upkeep/house.ts';
import { Config } from '../../../schemas/config.ts';
import type { Subject } from '../../../schemas/event.ts';
import { range } from '../../helpers/event-flow.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { openTestStore } from '../../helpers/open-store.ts';
import { outletTo } from '../../helpers/outlet.ts';

const dayMs = 24 * 60 * 60 * 1000;
const nothing = { sessions: 0, sizeBytes: 0 };

interface House extends Partial<HouseDeps>, Partial<HouseOptions> {
  readonly store: Store;
  readonly clock: Clock;
}

function keep({ dryRun = false, gently = true, signal, ...deps }: House): Promise<HouseResult> {
  const others: Omit<HouseDeps, 'store' | 'clock'> = {
    config: configOf(30, 1_000_000),
    artifacts: { retain: async () => ({ archived: nothing, purged: nothing, outcome: 'full', failed: [] }) },
    worktrees: { forgetOld: async () => 0 },
    care: { checkpoint: async () => undefined },
  };
  return keepHouse({ ...others, ...deps }, { dryRun, gently, signal }, byDaemon);
}

const configOf = (keep_days: number, keep_rows: number) =>
  ({ current: Config.parse({ events: { keep_days, keep_rows } }) }) as unknown as ConfigService;

async function write(store: Store, count: number, subject: Subject = {}, reason = 'event'): Promise<void> {
  await store.write((w) => {
    for (let n = 0; n < count; n += 1) {
      w.events.append({ type: 'daemon.stopping', subject, actor: 'daemon', data: { reason: `${reason} ${n}` } });
    }
  });
}

/** The same events at the same times. */
async function copyEvents(from: Store, to: Store, clock: ManualClock): Promise<void> {
  const now = clock.now();
  const events = from.read((r) => r.events.page(0, 1_000_000)).map(({ text }) => JSON.parse(text) as { at: string });
  for (const at of new Set(events.map((event) => event.at))) {
    clock.set(Date.parse(at));
    await write(to, events.filter((event) => event.at === at).length);
  }
  clock.set(now);
}

/** A connection of which a test says when it takes anything. */
function subscribe(feed: Feed, options: Partial<SubscriptionOptions> = {}) {
  const sent: { method: string; params: { events?: { seq: number }[]; from?: number; to?: number; reason?: string; cursor?: string } }[] =
    [];
  const turns: (() => void)[] = [];
  const outlet = outletTo((text) => sent.push(JSON.parse(text)));
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
    expect((await keep({ store, clock, config: configOf(30, 1_000) })).removed).toEqual({
      events: 2_500,
      receipts: 0,
      removedWorktrees: 0,
    });
    expect(store.read((r) => [r.events.firstSeq(), r.events.lastSeq()])).toEqual([2_501, 3_500]);
    expect((await keep({ store, clock, config: configOf(30, 1_000) })).removed.events).toBe(0);
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
    expect((await keep({ store, clock, config: configOf(1, 1_000) })).removed.events).toBe(10);
    clock.advance(2 * dayMs);
    expect((await keep({ store, clock, config: configOf(1, 1_000) })).removed.events).toBe(5);
    expect(store.read((r) => [r.events.firstSeq(), r.events.lastSeq()])).toEqual([16, 15]);
  });

  test('removes receipts that nobody asks for any more', async () => {
    const clock = createManualClock();
    using opened = openTestStore({ clock });
    const { store } = opened;
    await store.write((w) => w.receipts.put({ key: 'old', method: 'session.start', paramsSha256: '', result: {} }));
    clock.advance(2 * dayMs);
    await store.write((w) => w.receipts.put({ key: 'new', method: 'session.start', paramsSha256: '', result: {} }));
    expect((await keep({ store, clock, dryRun: true })).removed.receipts).toBe(1);
    expect((await keep({ store, clock })).removed.receipts).toBe(1);
    expect(store.read((r) => [r.receipts.find('old'), r.receipts.find('new')?.key])).toEqual([undefined, 'new']);
  });

  test('tells in a dry run exactly what it would do, and does nothing', async () => {
    const clock = createManualClock();
    using opened = openTestStore({ clock });
    const { store } = opened;
    for (let day = 0; day < 10; day += 1) {
      await write(store, 137 + day);
      clock.advance(dayMs);
    }
    const asked: boolean[] = [];
    const artifacts: HouseDeps['artifacts'] = {
      async retain(_, { dryRun }) {
        asked.push(dryRun);
        return { archived: { sessions: 2, sizeBytes: 20 }, purged: { sessions: 1, sizeBytes: 10 }, outcome: 'full', failed: [] };
      },
    };
    const worktrees: HouseDeps['worktrees'] = {
      async forgetOld(dryRun) {
        asked.push(dryRun === true);
        return 3;
      },
    };
    const care: HouseDeps['care'] = { checkpoint: () => expect.unreachable() };
    const before = store.read((r) => r.events.lastSeq() - r.events.firstSeq() + 1);
    for (const [keepDays, keepRows] of [
      [3.5, 1_000_000],
      [30, 1_000],
      [0.01, 1_000],
    ] as const) {
      const config = configOf(keepDays, keepRows);
      const told = await keep({ store, clock, config, artifacts, worktrees, care, dryRun: true });
      expect(store.read((r) => r.events.lastSeq() - r.events.firstSeq() + 1)).toBe(before);
      expect(store.read((r) => r.meta.get('kept_house_at'))).toBeUndefined();
      expect(told).toMatchObject({ archived: { sessions: 2 }, purged: { sessions: 1 }, removed: { removedWorktrees: 3 }, problems: [] });
      using copy = openTestStore({ clock });
      await copyEvents(store, copy.store, clock);
      expect((await keep({ store: copy.store, clock, config })).removed.events).toBe(told.removed.events);
    }
    expect(asked.every(Boolean)).toBe(true);
  });

  test('goes on when a part fails, and tells which, and when it was done', async () => {
    const clock = createManualClock();
    using opened = openTestStore({ clock });
    const { store } = opened;
    await write(store, 1_010);
    const result = await keep({
      ...{ store, clock, config: configOf(30, 1_000) },
      artifacts: { retain: () => Promise.reject(new Error('no tar')) },
      worktrees: { forgetOld: () => Promise.reject(new Error('no git')) },
    });
    expect(result.removed.events).toBe(10);
    expect(result.problems).toEqual([
      { about: 'removed worktrees', error: new Error('no git') },
      { about: 'artifacts', error: new Error('no tar') },
    ]);
    expect(store.read((r) => r.meta.get('kept_house_at'))).toBe(String(clock.now()));
  });

  test.each([
    ['degraded', ['artifacts of session "a"', 'artifacts of session "b"']],
    ['failed', ['artifacts of 2 sessions']],
  ] as const)('of artifacts that are %s it tells %j', async (outcome, abouts) => {
    using opened = openTestStore();
    const failed = ['a', 'b'].map((slug) => ({ member: { session: { slug }, step: 'archive' }, error: new Error('no tar') }));
    const retain = async () => ({ archived: nothing, purged: nothing, outcome, failed }) as unknown as RetentionResult;
    const { problems } = await keep({ store: opened.store, clock: createManualClock(), artifacts: { retain } });
    expect(problems.map(({ about }) => about)).toEqual(abouts);
  });

  test('ends at a cancel', async () => {
    using opened = openTestStore();
    const abort = new AbortController();
    const artifacts: HouseDeps['artifacts'] = {
      async retain() {
        abort.abort();
        throw new Error('cancelled amid it');
      },
    };
    const house = keep({ store: opened.store, clock: createManualClock(), artifacts, signal: abort.signal });
    await expect(house).rejects.toThrow('cancelled amid it');
  });

  test('brings the log of SQLite into the file only when that is worth a process', async () => {
    using opened = openTestStore();
    const { store } = opened;
    const clock = createManualClock(Date.now());
    let checkpoints = 0;
    const care: HouseDeps['care'] = {
      async checkpoint() {
        checkpoints += 1;
      },
    };
    await keep({ store, clock, care });
    expect(checkpoints).toBe(0);
    for (let round = 0; round < 3; round += 1) await write(store, 2_000);
    await keep({ store, clock, care, config: configOf(30, 1_000), gently: false });
    expect(checkpoints).toBe(1);
    expect(store.size().freePages).toBe(0);
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
    await keep({ store, clock, config: configOf(30, 1_000) });
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
    await keep({ store, clock, config: configOf(30, 1_000) });
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
    await write(store, 50, {}, 'x'.repeat(40_000));
    const feed = createFeed({ store, clock: createManualClock(), epoch: 'e1' });
    const sent: string[] = [];
    const outlet = outletTo((text) => {
      sent.push(text);
      outlet.unsentBytes += 1024 * 1024;
    });
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
