/**
 * A look at something that changes, shared by all who ask before it begins: while one runs, the next waits for its end. So everybody gets
 * what was there after he asked, and many at once cost two looks.
 */
export function createSharedLook<T>(look: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const running = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, Promise<T>>();
  const begin = (key: string): Promise<T> => {
    waiting.delete(key);
    const looking = look(key);
    const ended = looking.then(
      () => undefined,
      () => undefined,
    );
    running.set(key, ended);
    void ended.then(() => {
      if (running.get(key) === ended) running.delete(key);
    });
    return looking;
  };
  return (key) => {
    const next = waiting.get(key);
    if (next) return next;
    const before = running.get(key);
    if (!before) return begin(key);
    const later = before.then(() => begin(key));
    waiting.set(key, later);
    return later;
  };
}
