// A client is one connection for calls, made anew when it broke, and one more for each stream of events.
import { type Api, createApi } from '../rpc/call.ts';
import type { CallOptions } from '../rpc/outgoing-calls.ts';
import { RpcClientError } from './client-error.ts';
import type { Connection, Hello } from './dial.ts';
import type { Dial, EventStreamOptions, StreamItem } from './event-stream.ts';

export interface ClientCore extends AsyncDisposable {
  /** What the daemon said of itself when the connection was made last. */
  readonly hello: Hello;
  /** The socket that answered. */
  readonly socketPath: string;
  /** Calls any method by name. Calls in flight when the connection breaks reject with CLOSED; the next call connects again. */
  call(method: string, params?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  /** Events as they happen, resumed by itself when the daemon restarts. Ends with `break`, the signal, or `close`. */
  events(options?: EventStreamOptions): AsyncGenerator<StreamItem, void, undefined>;
  close(): Promise<void>;
}

/** `client.session.start({…})` and every other method of the contract, beside the members of ClientCore. */
export type Client = ClientCore & Api;

export function createClient(first: Connection, dial: Dial): Client {
  const core = new ReconnectingClient(first, dial);
  const call: ClientCore['call'] = (method, params, options) => core.call(method, params, options);
  const close = (): Promise<void> => core.close();
  // Members first; what is none of them is a noun of the contract, and the API makes it.
  return Object.create(
    createApi((method, params, options) => core.call(method, params, options)),
    {
      hello: { enumerable: true, get: () => core.hello },
      socketPath: { enumerable: true, get: () => core.socketPath },
      call: { value: call },
      events: { value: (options: EventStreamOptions = {}) => core.events(options) },
      close: { value: close },
      [Symbol.asyncDispose]: { value: close },
    },
  ) as Client;
}

class ReconnectingClient {
  readonly #dial: Dial;
  #connection: Connection;
  #redial: Promise<Connection> | undefined;
  /** Made for the first stream: most clients open none. */
  #streams: AbortController | undefined;
  #closed = false;

  constructor(first: Connection, dial: Dial) {
    this.#connection = first;
    this.#dial = dial;
  }

  get hello(): Hello {
    return this.#connection.hello;
  }

  get socketPath(): string {
    return this.#connection.socketPath;
  }

  call(method: string, params: unknown = {}, options?: CallOptions): Promise<unknown> {
    const { peer } = this.#connection;
    if (!peer.isClosed) return peer.call(method, params, options);
    return this.#reconnect().then((connection) => connection.peer.call(method, params, options));
  }

  events(options: EventStreamOptions): AsyncGenerator<StreamItem, void, undefined> {
    const { signal } = this.#abortable();
    if (this.#closed) this.#streams?.abort();
    return openStream(this.#dial, { ...options, signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#streams?.abort();
    const { peer } = this.#connection;
    peer.close();
    await peer.closed;
  }

  #reconnect(): Promise<Connection> {
    // Not CLOSED, which says that asking again may help.
    if (this.#closed) return Promise.reject(new RpcClientError('NOT_CONNECTED', 'The client was closed; connect again.'));
    this.#redial ??= this.#dial({ again: true, signal: this.#abortable().signal })
      .then((connection) => {
        this.#connection = connection;
        return connection;
      })
      .finally(() => {
        this.#redial = undefined;
      });
    return this.#redial;
  }

  #abortable(): AbortController {
    this.#streams ??= new AbortController();
    return this.#streams;
  }
}

/** Most clients open no stream, and load nothing for it. */
async function* openStream(dial: Dial, options: EventStreamOptions): AsyncGenerator<StreamItem, void, undefined> {
  const { streamEvents } = await import('./event-stream.ts');
  yield* streamEvents(dial, options);
}
