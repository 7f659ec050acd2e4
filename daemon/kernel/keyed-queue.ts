/** Work on one key runs in order, one at a time; different keys run side by side. */
export interface KeyedQueue {
  run<T>(key: string, work: () => Promise<T> | T): Promise<T>;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
}

export function createKeyedQueue(): KeyedQueue {
  const tails = new Map<string, Promise<unknown>>();
  const run = <T>(key: string, work: () => Promise<T> | T): Promise<T> => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(work);
    // The tail never rejects: whoever called `run` gets the failure, the next in line only its turn.
    const tail = turn.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    return turn;
  };
  const idle = async (): Promise<void> => {
    while (tails.size > 0) await Promise.all(tails.values());
  };
  return { run, idle };
}
