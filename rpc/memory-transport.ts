import { limits } from '../schemas/limits.ts';
import type { Transport, TransportHandlers } from './transport.ts';

/** Two linked ends in one process. What one sends arrives at the other in a later tick, as it would through a socket. */
export function createMemoryPair(): [Transport, Transport] {
  const left = new MemoryTransport();
  const right = new MemoryTransport();
  left.link(right);
  right.link(left);
  return [left, right];
}

class MemoryTransport implements Transport {
  readonly survivesBadJson = true;
  #other: MemoryTransport | undefined;
  #handlers: TransportHandlers | undefined;
  #inbox: string[] = [];
  #deliveryIsDue = false;
  #closed = false;
  #paused = false;

  link(other: MemoryTransport): void {
    this.#other = other;
  }

  start(on: TransportHandlers): void {
    this.#handlers = on;
    if (this.#closed) process.nextTick(() => on.close());
    else this.#scheduleDelivery();
  }

  send(text: string): void {
    if (!this.#closed) this.#other?.accept(text);
  }

  /** What the other end has not been given yet. */
  get unsentBytes(): number {
    return this.#other?.waiting ?? 0;
  }

  get waiting(): number {
    return this.#inbox.reduce((sum, text) => sum + text.length, 0);
  }

  accept(text: string): void {
    if (this.#closed) return;
    this.#inbox.push(text);
    this.#scheduleDelivery();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#scheduleDelivery();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const other = this.#other;
    process.nextTick(() => {
      this.#handlers?.close();
      other?.otherClosed();
    });
  }

  otherClosed(): void {
    this.#paused = false;
    this.#deliver();
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.close();
  }

  drained(): void {
    if (!this.#closed) this.#handlers?.drain();
  }

  #scheduleDelivery(): void {
    if (this.#deliveryIsDue || this.#paused || this.#handlers === undefined || this.#inbox.length === 0) return;
    this.#deliveryIsDue = true;
    process.nextTick(() => this.#deliver());
  }

  #deliver(): void {
    this.#deliveryIsDue = false;
    if (this.#paused || this.#handlers === undefined) return;
    const texts = this.#inbox;
    this.#inbox = [];
    for (const text of texts) {
      if (this.#closed) return;
      if (text.length <= limits.messageBytes) this.#handlers.message(text);
      else this.#handlers.fault('LIMIT_EXCEEDED', `A message is longer than ${limits.messageBytes} bytes.`);
    }
    this.#other?.drained();
  }
}
