// What the silence of an agent in its turn means, and when to look again. Pure.
import type { ThreadRecord } from '../store/tables/instances.ts';
import { hasEnded } from './machine.ts';

export const silence = { unknownAfterMs: 90_000, attentionAfterMs: 180_000, cancelAfterMs: 900_000 } as const;
/** An agent that goes on after it was told to end its turn is ended itself. */
export const obeyMs = 60_000;

export type Silence = 'none' | 'unknown' | 'attention' | 'cancel';

export function silenceOfThread({ turn, lastActivityAt }: Pick<ThreadRecord, 'turn' | 'lastActivityAt'>, now: number): Silence {
  if (turn !== 'running' || lastActivityAt === undefined) return 'none';
  const silentMs = now - lastActivityAt;
  if (silentMs >= silence.cancelAfterMs) return 'cancel';
  if (silentMs >= silence.attentionAfterMs) return 'attention';
  return silentMs >= silence.unknownAfterMs ? 'unknown' : 'none';
}

/** The next moment at which silence or a usage limit means something; undefined: none. */
export function dueOf(threads: readonly ThreadRecord[], now: number): number | undefined {
  const moments = threads.flatMap(({ turn, lastActivityAt, wakeAt, status, cancelRequestedAt }) => {
    if (hasEnded(status)) return [];
    const obey = turn === 'idle' || cancelRequestedAt === undefined ? [] : [cancelRequestedAt + obeyMs];
    const wake = [...(wakeAt === undefined ? [] : [wakeAt]), ...obey];
    if (turn !== 'running' || lastActivityAt === undefined) return wake;
    return [...wake, ...Object.values(silence).map((ms) => lastActivityAt + ms)];
  });
  const ahead = moments.filter((at) => at > now);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}
