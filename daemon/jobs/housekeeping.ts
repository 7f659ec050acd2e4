// Work nobody asks for: old events and receipts go, in slices that never hold the loop.
import { limits } from '../../schemas/limits.ts';
import type { ConfigService } from '../config/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Store } from '../store/store.ts';

export interface HousekeepingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: ConfigService;
  readonly log: Log;
  /** Forgets what worktrees that were removed by force left, once it is too old. */
  readonly forgetRemoved?: () => Promise<number>;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Deletes what is too old or too much; failures are logged and tried again the next time, since nothing depends on them. */
export async function keepHouse({
  store,
  clock,
  config,
  log,
  forgetRemoved,
}: HousekeepingDeps): Promise<{ events: number; receipts: number }> {
  const { keep_days: keepDays, keep_rows: keepRows } = config.current.events;
  const beforeMs = clock.now() - keepDays * dayMs;
  const limit = limits.eventPruneRows;
  try {
    const events = await inSlices(limit, () => store.write((w) => w.events.prune({ beforeMs, keepRows, limit })));
    const receipts = await inSlices(limit, () => store.write((w) => w.receipts.prune(clock.now() - limits.receiptsKeptMs, limit)));
    const worktrees = (await forgetRemoved?.()) ?? 0;
    if (events + receipts + worktrees > 0) log.info({ events, receipts, worktrees }, 'housekeeping removed old rows');
    return { events, receipts };
  } catch (error) {
    log.error({ err: error }, 'housekeeping failed; it is tried again at its next time');
    return { events: 0, receipts: 0 };
  }
}

/** Each slice is a transaction of its own, so that other writes come in between. */
async function inSlices(limit: number, slice: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const done = await slice();
    total += done;
    if (done < limit) return total;
  }
}
