// Deadlines of messages. One timer for the next of them; the rows say which it is, so a daemon that starts finds what it missed.
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Store } from '../store/store.ts';
import { moveDelivery } from './delivery.ts';

export interface Expiry {
  /** Looks at once, and from then on at each deadline. */
  start(): void;
  /** There is a deadline that was not there before. */
  expect(at: number): void;
  stop(): Promise<void>;
}

const pauseAfterFailureMs = 60_000;

export function createExpiry({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Expiry {
  let armed: { readonly at: number; readonly cancel: () => void } | undefined;
  let running = Promise.resolve();
  let stopped = false;
  const arm = (at: number): void => {
    if (stopped || (armed && armed.at <= at)) return;
    armed?.cancel();
    armed = { at, cancel: clock.after(Math.max(0, at - clock.now()), fire) };
  };
  const fire = (): void => {
    armed = undefined;
    running = look().catch((error: unknown) => {
      log.error({ err: error }, 'messages could not be expired; it is tried again in a minute');
      arm(clock.now() + pauseAfterFailureMs);
    });
  };
  const look = async (): Promise<void> => {
    while (!stopped && (await expireSome(store, clock.now())) === limits.expiredPerWrite);
    const next = store.read((r) => r.messages.nextDeadline());
    if (next !== undefined) arm(next);
  };
  return {
    start: fire,
    expect: arm,
    async stop() {
      stopped = true;
      armed?.cancel();
      await running;
    },
  };
}

function expireSome(store: Store, now: number): Promise<number> {
  return store.write((w) => {
    const due = w.messages.due(now, limits.expiredPerWrite);
    for (const delivery of due) moveDelivery(w, delivery, 'expired', { actor: byDaemon.actor, now });
    return due.length;
  });
}
