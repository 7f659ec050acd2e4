import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { CloseReason, Transport, TransportHandlers } from './transport.ts';

/** One JSON text a text message. `stream` is the connection under the WebSocket: holding it back for a tick joins the writes. */
export function webSocketTransport(webSocket: WebSocket, stream: Duplex): Transport {
  return new WebSocketTransport(webSocket, stream);
}

class WebSocketTransport implements Transport {
  readonly survivesBadJson = true;
  readonly #webSocket: WebSocket;
  readonly #stream: Duplex;
  #handlers: TransportHandlers | undefined;
  #early: string[] = [];
  #corked = false;
  #closing = false;
  #error: Error | undefined;

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.#webSocket = webSocket;
    this.#stream = stream;
    webSocket.on('message', this.#onMessage);
    webSocket.on('error', (error) => {
      this.#error = error;
    });
    webSocket.on('close', this.#onClose);
    stream.on('drain', () => this.#handlers?.drain());
  }

  get unsentBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  start(on: TransportHandlers): void {
    this.#handlers = on;
    const early = this.#early;
    this.#early = [];
    for (const text of early) if (!this.#closing) on.message(text);
    if (this.#webSocket.readyState === this.#webSocket.CLOSED) process.nextTick(this.#onClose);
  }

  send(text: string): void {
    if (this.#closing || this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      process.nextTick(this.#uncork);
    }
    this.#webSocket.send(text, ignoreError);
  }

  pause(): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.pause();
  }

  resume(): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.resume();
  }

  close(reason: CloseReason = {}): void {
    if (this.#closing) return;
    this.resume();
    this.#closing = true;
    // A close frame has room for 123 bytes of reason.
    const message = (reason.message ?? '').replace(/[^ -~]/g, '?').slice(0, 120);
    this.#webSocket.close(reason.code ?? 1000, message);
  }

  #uncork = (): void => {
    this.#corked = false;
    this.#stream.uncork();
  };

  #onMessage = (data: RawData, isBinary: boolean): void => {
    if (this.#closing) return;
    if (isBinary) {
      this.close({ code: 1003, message: 'Messages are text.' });
      return;
    }
    // A text message comes as one Buffer unless the socket is told otherwise.
    const text = (data as Buffer).toString('utf8');
    if (this.#handlers === undefined) this.#early.push(text);
    else this.#handlers.message(text);
  };

  #onClose = (): void => {
    this.#closing = true;
    const handlers = this.#handlers;
    this.#handlers = undefined;
    handlers?.close(this.#error);
  };
}

/** A write that fails ends the connection, and its end is reported once, by `close`. */
const ignoreError = (): undefined => undefined;
