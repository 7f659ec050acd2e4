// Looking at rows until nothing is to be done. Whoever changes something pokes its key; what was poked while it is being looked at is
// looked at again. Nothing depends on having seen an event, so a daemon that starts pokes what lives and is where the former one was.
import type { Clock } from './clock.ts';

export interface Reactor {
  poke(key: string): void;
  /** Aborts the signal of what runs, and resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** Resolves when nothing runs and nothing is poked. */
  idle(): Promise<void>;
}

export interface ReactorOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** Does one thing; true: there may be more. One call a key at a time. */
  readonly advance: (key: string, signal: AbortSignal) => Promise<boolean>;
  /** Told of each failure; the key is looked at again after a pause that grows from `pauseMs` to a minute. */
  readonly onError: (error: unknown, key: string) => void;
  readonly pauseMs?: number;
}

const longestPauseMs = 60_000;

export function createReactor({ clock, advance, onError, pauseMs = 1_000 }: ReactorOptions): Reactor {
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const poked = new Set<string>();
  const pauses = new Map<string, { readonly ms: number; readonly cancel: () => void }>();

  const look = async (key: string): Promise<void> => {
    while (poked.delete(key) && !stopping.signal.aborted) {
      try {
        while (!stopping.signal.aborted && (await advance(key, stopping.signal)));
        pauses.delete(key);
      } catch (error) {
        if (!stopping.signal.aborted) pause(key, error);
      }
    }
  };
  const pause = (key: string, error: unknown): void => {
    onError(error, key);
    const ms = Math.min(longestPauseMs, (pauses.get(key)?.ms ?? pauseMs / 2) * 2);
    pauses.get(key)?.cancel();
    pauses.set(key, { ms, cancel: clock.after(ms, () => poke(key)) });
  };
  const poke = (key: string): void => {
    if (stopping.signal.aborted) return;
    poked.add(key);
    if (running.has(key)) return;
    // Not at once: what is poked by the first step of a look must find it running.
    const work = Promise.resolve()
      .then(() => look(key))
      .finally(() => {
        running.delete(key);
        // Poked between the last look and here.
        if (poked.has(key)) poke(key);
      });
    running.set(key, work);
  };
  return {
    poke,
    async stop() {
      stopping.abort('shutdown');
      for (const { cancel } of pauses.values()) cancel();
      await Promise.all(running.values());
    },
    async idle() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}
