import type { PrunableSession } from '../store/tables/artifacts.ts';

export interface PruneWish {
  readonly olderThanDays?: number | undefined;
  readonly keepBytes?: number | undefined;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Those that are too old, then the oldest until the rest is small enough. `totalBytes` counts what may not go, too. Pure. */
export function choosePruned(oldestFirst: readonly PrunableSession[], totalBytes: number, wish: PruneWish, now: number): PrunableSession[] {
  const { olderThanDays, keepBytes } = wish;
  const isOld = ({ endedAt }: PrunableSession): boolean => olderThanDays !== undefined && endedAt < now - olderThanDays * dayMs;
  let left = totalBytes;
  return oldestFirst.filter((session) => {
    const goes = isOld(session) || (keepBytes !== undefined && left > keepBytes);
    if (goes) left -= session.sizeBytes;
    return goes;
  });
}
