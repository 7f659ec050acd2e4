import { createConnection, type Socket } from 'node:net';
import { limits } from '../schemas/limits.ts';
import { FrameDecoder, frame, frameAround } from './framing.ts';
import { RpcClientError } from './local-error.ts';
import type { SharedText } from './shared-text.ts';
import type { CloseReason, DetachedSocket, Transport, TransportHandlers } from './transport.ts';

/** How long a closed connection may take to hand over what it still has to say. */
const lingerMs = 2_000;
/** How often a connection whose other side has ended its output is asked whether it still reads. */
const probeMs = 100;

export interface UnixTransport extends Transport {
  detach(): DetachedSocket;
}

/** JSON texts over a stream socket. A server answers in the framing it is spoken to in; a client speaks newline framing. */
export function unixTransport(socket: Socket): UnixTransport {
  return new StreamTransport(socket);
}

export function connectUnix(path: string, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<UnixTransport> {
  if (Buffer.byteLength(path) > limits.socketPathBytes) {
    const message = `The socket path "${path}" is longer than ${limits.socketPathBytes} bytes; the system would cut it.`;
    return Promise.reject(new RpcClientError('NOT_CONNECTED', message));
  }
  const { signal, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    const finish = (error?: RpcClientError): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('connect', connected).off('error', failed);
      if (error === undefined) {
        resolve(unixTransport(socket));
        return;
      }
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const connected = () => finish();
    const failed = (cause: unknown) => finish(new RpcClientError('NOT_CONNECTED', `Nothing answers on "${path}".`, { cause }));
    const onAbort = () => failed(signal?.reason);
    const late = () => finish(new RpcClientError('TIMEOUT', `No connection to "${path}" within ${timeoutMs} ms.`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    socket.once('connect', connected);
    socket.once('error', failed);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort);
  });
}

class StreamTransport implements UnixTransport {
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  #handlers: TransportHandlers | undefined;
  /** What is sent before #outgoing, with the bytes of it in between. */
  #pieces: (string | Buffer)[] = [];
  #outgoing = '';
  #closing = false;
  /** Amid a chunk. */
  #isReading = false;
  #error: Error | undefined;
  #probe: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.allowHalfOpen = true;
    this.#decoder = new FrameDecoder({
      message: (text) => this.#handlers?.message(text),
      fault: (kind, message) => this.#handlers?.fault(kind, message),
    });
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  get survivesBadJson(): boolean {
    return this.#decoder.framing === 'headers';
  }

  get unsentBytes(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, this.#socket.writableLength + this.#outgoing.length);
  }

  start(on: TransportHandlers): void {
    this.#handlers = on;
    this.#socket.on('drain', this.#onDrain);
    this.#socket.on('end', this.#onEnd);
    this.#socket.on('data', this.#onData);
    if (this.#socket.destroyed) process.nextTick(this.#onClose);
  }

  send(text: string): void {
    if (this.#closing) return;
    this.#scheduleFlush();
    this.#outgoing += frame(text, this.#decoder.framing);
  }

  sendAround(before: string, shared: SharedText, after: string): void {
    if (this.#closing) return;
    this.#scheduleFlush();
    const { bytes } = shared;
    const [head, end] = frameAround(() => Buffer.byteLength(before) + bytes.length + Buffer.byteLength(after), this.#decoder.framing);
    this.#pieces.push(this.#outgoing + head + before, bytes);
    this.#outgoing = after + end;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(reason?: CloseReason): void {
    if (this.#closing) return;
    this.#flush();
    this.#closing = true;
    this.#decoder.stop();
    // Reading goes on, into nothing: bytes left unread would reach the other side as a reset.
    this.#socket.resume();
    // Who is told why may be amid writing: a write that breaks would take the reason away before it is read.
    if (reason === undefined) this.#socket.destroySoon();
    else this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), lingerMs).unref();
    this.#socket.once('close', () => clearTimeout(linger));
  }

  detach(): DetachedSocket {
    this.#flush();
    this.#closing = true;
    const socket = this.#socket;
    socket.pause();
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain);
    socket.off('error', this.#onError).off('close', this.#onClose);
    this.#onClose();
    return { socket, rest: this.#decoder.stop() };
  }

  get #isFlushed(): boolean {
    return this.#outgoing === '' && this.#pieces.length === 0;
  }

  #scheduleFlush(): void {
    if (this.#isFlushed && !this.#isReading) process.nextTick(this.#flush);
  }

  #flush = (): void => {
    if (this.#isFlushed) return;
    const text = this.#outgoing;
    this.#outgoing = '';
    const socket = this.#socket;
    if (this.#pieces.length === 0) {
      if (socket.writable) socket.write(text, encodingOf(text));
      return;
    }
    const pieces = [...this.#pieces, text];
    this.#pieces = [];
    if (!socket.writable) return;
    // Together they leave in one write.
    socket.cork();
    for (const piece of pieces) socket.write(piece);
    socket.uncork();
  };

  /** What answers at once leaves at the end of the chunk, in one write. */
  #onData = (chunk: Buffer): void => {
    this.#isReading = true;
    try {
      this.#decoder.push(chunk);
    } finally {
      this.#isReading = false;
      this.#flush();
    }
  };

  #onDrain = (): void => {
    this.#handlers?.drain();
  };

  #onError = (error: Error): void => {
    this.#error = error;
  };

  #onClose = (): void => {
    clearInterval(this.#probe);
    this.#closing = true;
    const handlers = this.#handlers;
    this.#handlers = undefined;
    handlers?.close(this.#error);
  };

  /**
   * The other side has closed, or has only ended its output (`echo … | nc -NU`) and still reads. A write of nothing tells: it breaks on a
   * connection that nobody reads.
   */
  #onEnd = (): void => {
    if (this.#closing) return;
    const handlers = this.#handlers;
    if (handlers?.ended === undefined) {
      this.close();
      return;
    }
    const probe = (): void => {
      this.#socket.write('', (error) => {
        if (error) this.#socket.destroy();
      });
    };
    probe();
    this.#probe = setInterval(probe, probeMs).unref();
    handlers.ended();
  };
}

const longTextChars = 16 * 1024;

/** Where every character is one byte, Node copies a long text twice as fast when it is told so. A short one is written before that is known. */
function encodingOf(text: string): 'latin1' | 'utf8' {
  return text.length > longTextChars && Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8';
}
