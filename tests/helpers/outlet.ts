import type { Outlet } from '../../daemon/events/subscription.ts';

/** A connection that hands on each text it is given. How much of that has not left is the test's to say. */
export function outletTo(take: (text: string) => void): Outlet & { unsentBytes: number } {
  return { unsentBytes: 0, sendText: take, sendAround: (before, { text }, after) => take(before + text + after) };
}
