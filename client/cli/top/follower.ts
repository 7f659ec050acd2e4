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
  /** Events since a load began: what it reads may be older than they are. */
  #sinceLoad: ClientEvent[] | undefined;
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
    this.#sinceLoad?.push(item);
    const change = applyEvent(this.#world, item);
    if (item.type === 'daemon.stopping') this.#sink.notice(notice('The daemon is stopping; what runs in terminals goes on.', 'yellow'));
    if (change.notice !== undefined) this.#sink.notice(change.notice);
    this.#mark(change.stale);
    this.#sink.changed();
  }

  async #load(): Promise<void> {
    if (this.#sinceLoad !== undefined) {
      this.#loadAgain = true;
      return;
    }
    do {
      this.#loadAgain = false;
      this.#sinceLoad = [];
      const world = await load(this.#client, this.#signal);
      this.#world = world;
      this.#loaded = true;
      const stale = this.#sinceLoad.flatMap((event) => applyEvent(world, event).stale);
      this.#sinceLoad = undefined;
      this.#sink.away(false);
      this.#mark(stale);
      this.#sink.changed();
    } while (this.#loadAgain);
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
      await refresh(this.#client, this.#world, round, this.#signal);
      forgetOld(this.#world);
      this.#sink.changed();
    }
    this.#asking = false;
  }
}
