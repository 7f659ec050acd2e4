// Keeps the world as the daemon has it, by its events, through its restarts.
import type { Client } from '../../client.ts';
import type { ClientEvent, StreamItem } from '../../event-stream.ts';
import { applyEvent, type Notice, notice, watchedTypes } from './apply-event.ts';
import { forgetOld, load, refresh } from './load.ts';
import { emptyWorld, type Stale, type World } from './world.ts';

export interface FollowerSink {
  /** The world is another now. */
  changed(): void;
  notice(notice: Notice): void;
  away(isAway: boolean): void;
}

export class Follower {
  readonly #client: Client;
  readonly #sink: FollowerSink;
  readonly #stale = new Set<Stale>();
  /** Of each read that is on its way, the events since it began: what it reads may be older than they are. */
  readonly #meanwhile = new Set<ClientEvent[]>();
  #loading = false;
  #loadAgain = false;
  #asking = false;
  /** Goes on without being awaited; what it fails with ends the run. */
  #start: (work: Promise<void>) => void = () => undefined;
  #world = emptyWorld();
  #loaded = false;
  #signal = AbortSignal.abort();

  constructor(client: Client, sink: FollowerSink) {
    this.#client = client;
    this.#sink = sink;
  }

  get world(): World {
    return this.#world;
  }

  /** False until the world is there. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Ends with the signal; rejects when the daemon can not be followed any more, or refuses what we ask. */
  run(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      // What was cut off because the view ends is no failure.
      this.#start = (work) => void work.catch((error: unknown) => (signal.aborted ? undefined : reject(error)));
      this.#signal = signal;
      this.#start(this.#load());
      this.#follow(signal).then(resolve, reject);
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const options = { after: this.#client.hello.cursor, types: watchedTypes, signal, onAway: () => this.#sink.away(true) };
    for await (const item of this.#client.events(options)) this.#take(item);
  }

  #take(item: StreamItem): void {
    if (!('subject' in item)) {
      // Nothing durable was missed after a reconnection, but a view is read anew more simply than it is reasoned about.
      if (item.type !== 'stream.shed') this.#start(this.#load());
      return;
    }
    for (const events of this.#meanwhile) events.push(item);
    const change = applyEvent(this.#world, item);
    if (item.type === 'daemon.stopping') this.#sink.notice(notice('The daemon is stopping; what runs in terminals goes on.', 'yellow'));
    if (change.notice !== undefined) this.#sink.notice(change.notice);
    this.#mark(change.stale);
    this.#sink.changed();
  }

  async #load(): Promise<void> {
    this.#loadAgain = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#loadAgain) {
      this.#loadAgain = false;
      const meanwhile = this.#listen();
      this.#world = await load(this.#client, this.#signal);
      this.#loaded = true;
      this.#sink.away(false);
      this.#takeAgain(meanwhile);
    }
    this.#loading = false;
  }

  #listen(): ClientEvent[] {
    const events: ClientEvent[] = [];
    this.#meanwhile.add(events);
    return events;
  }

  #takeAgain(events: ClientEvent[]): void {
    this.#meanwhile.delete(events);
    this.#mark(events.flatMap((event) => applyEvent(this.#world, event).stale));
    this.#sink.changed();
  }

  /** One round of questions at a time: what becomes stale meanwhile is asked for once, in the next one. */
  #mark(stale: readonly Stale[]): void {
    for (const one of stale) this.#stale.add(one);
    if (this.#asking || this.#stale.size === 0) return;
    this.#asking = true;
    this.#start(this.#ask());
  }

  async #ask(): Promise<void> {
    // What one tick brings is one round.
    await Promise.resolve();
    while (this.#stale.size > 0) {
      const round = [...this.#stale];
      this.#stale.clear();
      const meanwhile = this.#listen();
      await refresh(this.#client, this.#world, round, this.#signal);
      forgetOld(this.#world);
      this.#takeAgain(meanwhile);
    }
    this.#asking = false;
  }
}
