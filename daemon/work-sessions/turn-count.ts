import type { ThreadRecord } from '../store/tables/instances.ts';

/** Turns that say nothing new any more: the ended ones, and the running one, in which what is acted on now was said. */
export function seenWith({ turn, turns }: Pick<ThreadRecord, 'turn' | 'turns'>): number {
  return turn === 'idle' ? turns : turns + 1;
}
