/** What arrives faster than it is consumed, in order. Past its bound the source is paused; it goes on when half is consumed. */
export class Inbox<T> {
  readonly #items: { readonly item: T; readonly weight: number }[] = [];
  readonly #bound: number;
  readonly #source: { pause(): void; resume(): void };
  #weight = 0;
  #head = 0;
  #paused = false;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(bound: number, source: { pause(): void; resume(): void }) {
    this.#bound = bound;
    this.#source = source;
  }

  push(item: T, weight: number): void {
    if (this.#ended) return;
    this.#items.push({ item, weight });
    this.#weight += weight;
    if (!this.#paused && this.#weight > this.#bound) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wake?.();
  }

  /** Undefined after the end, when all that came before it was taken. */
  async next(): Promise<T | undefined> {
    while (this.#head === this.#items.length) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const entry = this.#items[this.#head]!;
    this.#head += 1;
    this.#weight -= entry.weight;
    if (this.#head === this.#items.length || this.#head > 1_024) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    if (this.#paused && this.#weight <= this.#bound / 2) {
      this.#paused = false;
      this.#source.resume();
    }
    return entry.item;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}
