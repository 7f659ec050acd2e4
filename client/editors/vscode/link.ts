// The one connection to the daemon: made again for as long as there is none. A short absence is the library's business, which goes on
// where it was; a longer one is told.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, connect, type StreamItem } from '../../index.ts';

export interface LinkOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Empty: as the library finds it. */
  socketPath(): string;
  /** Asked for before the first event is handed on: reads what is there. */
  connected(client: Client): Promise<void>;
  event(client: Client, item: StreamItem): void;
  /** At each attempt that fails. */
  away(sentence: string): void;
}

/** How long a daemon may be away before anybody is told. */
const graceMs = 3_000;
const firstPauseMs = 250;
const longestPauseMs = 3_000;

export class Link {
  readonly #options: LinkOptions;
  #client: Client | undefined;
  #ending = new AbortController();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Connected just now, as far as is known. */
  get client(): Client | undefined {
    return this.#client;
  }

  start(): void {
    this.#ending.abort();
    this.#ending = new AbortController();
    void this.#run(this.#ending.signal);
  }

  dispose(): void {
    this.#ending.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let cursor: string | undefined;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      let client: Client | undefined;
      try {
        client = await this.#connect(signal);
        const events = client.events({ after: cursor ?? client.hello.cursor, signal });
        this.#client = client;
        await this.#options.connected(client);
        if (signal.aborted) return;
        pauseMs = firstPauseMs;
        for await (const item of events) {
          cursor = item.cursor;
          this.#options.event(client, item);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.away(error instanceof Error ? error.message : String(error));
      } finally {
        if (this.#client === client) this.#client = undefined;
        await client?.close();
      }
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #connect(signal: AbortSignal): Promise<Client> {
    const { env, version, socketPath } = this.#options;
    const named = socketPath();
    return connect({
      env,
      signal,
      clientName: 'vscode',
      clientVersion: version,
      reconnectMs: graceMs,
      ...(named === '' ? {} : { socketPath: named }),
    });
  }
}
