// Free pages go back to the file system in slices that nobody notices.
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import { sleep } from '../kernel/retry.ts';
import type { Store, StoreSize } from '../store/store.ts';

export interface GiveBackOptions {
  /** How many free pages may stay. */
  readonly keep: (size: StoreSize) => number;
  /** False when no idle moment came: then the rest is left for another time. */
  readonly idleMoment: () => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
}

/** Answers how many pages went. */
export async function giveBack(store: Store, { keep, idleMoment, signal }: GiveBackOptions): Promise<number> {
  let given = 0;
  let slice = firstSlice;
  for (;;) {
    const size = store.size();
    const spare = size.freePages - keep(size);
    if (spare <= 0 || signal?.aborted || !(await idleMoment())) return given;
    const tookMs = await store.giveBack(Math.min(slice, spare));
    const gone = size.pages - store.size().pages;
    // Somebody writes as fast as this gives back.
    if (gone <= 0) return given;
    given += gone;
    slice = nextSlice(slice, tookMs);
  }
}

const firstSlice = 32;

/** As large as a slice may be without holding the event loop for longer than its bound. Pure. */
export function nextSlice(pages: number, tookMs: number): number {
  if (tookMs > limits.vacuumSliceMs) return Math.max(1, Math.floor(pages / 2));
  return tookMs < limits.vacuumSliceMs / 4 ? Math.min(limits.vacuumSlicePages, pages * 2) : pages;
}

/** What housekeeping leaves: less is not worth the work, and will be used again. Pure. */
export function sparePages({ pages, pageBytes }: Pick<StoreSize, 'pages' | 'pageBytes'>): number {
  return Math.max(Math.floor(limits.spareBytes / pageBytes), Math.floor(pages * spareShare));
}

const spareShare = 0.05;

export interface IdleDeps {
  readonly clock: Clock;
  readonly isIdle: () => boolean;
}

/** Waits until nothing is going on; false when that did not come within its bound. */
export async function untilIdle({ clock, isIdle }: IdleDeps): Promise<boolean> {
  for (let waitedMs = 0; !isIdle(); waitedMs += limits.idlePollMs) {
    if (waitedMs >= limits.idleWaitMs) return false;
    await sleep(clock, limits.idlePollMs);
  }
  return true;
}
