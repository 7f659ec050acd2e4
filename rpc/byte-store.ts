const smallestBytes = 4096;

/** Bytes that wait for the rest of their message. Grows by doubling, so many small chunks cost no more than one large one. */
export class ByteStore {
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(bytes.length);
    bytes.copy(this.#buffer, this.#end);
    this.#end += bytes.length;
  }

  /** Valid until the next call. */
  view(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  drop(bytes: number): void {
    this.#start += bytes;
    if (this.#start >= this.#end) this.take();
  }

  /** Hands everything out and forgets it. */
  take(): Buffer {
    const taken = this.view();
    this.#buffer = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
    return taken;
  }

  #makeRoom(bytes: number): void {
    const held = this.view();
    const grown = Buffer.allocUnsafeSlow(Math.max(smallestBytes, (held.length + bytes) * 2));
    held.copy(grown);
    this.#buffer = grown;
    this.#start = 0;
    this.#end = held.length;
  }
}
