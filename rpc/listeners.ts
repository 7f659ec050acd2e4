type Listener = (params: unknown) => void;

/** Who wants to hear of notifications and of drained output. One that throws never keeps the others from hearing. */
export class Listeners {
  readonly #byMethod = new Map<string, Set<Listener>>();
  readonly #onDrain = new Set<() => void>();
  readonly #onError: ((error: unknown, method: string) => void) | undefined;

  constructor(onError: ((error: unknown, method: string) => void) | undefined) {
    this.#onError = onError;
  }

  add(method: string, fn: Listener): () => void {
    const own: Listener = (params) => fn(params);
    const listeners = this.#byMethod.get(method) ?? new Set();
    this.#byMethod.set(method, listeners.add(own));
    return () => {
      listeners.delete(own);
    };
  }

  addDrain(fn: () => void): () => void {
    const own = () => fn();
    this.#onDrain.add(own);
    return () => {
      this.#onDrain.delete(own);
    };
  }

  /** False when nobody listens. */
  tell(method: string, params: unknown): boolean {
    const listeners = this.#byMethod.get(method);
    if (listeners === undefined || listeners.size === 0) return false;
    for (const listener of listeners) this.guard(method, () => listener(params));
    return true;
  }

  tellDrain(): void {
    for (const listener of this.#onDrain) this.guard('drain', listener);
  }

  guard(method: string, fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#onError?.(error, method);
    }
  }
}
