// The live end of the event log: the newest texts in memory, and who wants to know that there are more.
import type { EventType } from '../../schemas/contract.ts';
import type { Subject } from '../../schemas/event.ts';
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import { ephemeralText, type LoggedEvent, type NewEvent } from '../store/event-log.ts';
import type { Store } from '../store/store.ts';
import { type Batches, createBatches, type Wanted } from './batches.ts';

export interface EphemeralEvent {
  readonly type: string;
  readonly subject: Subject;
  readonly text: string;
}

export interface FeedListener {
  /** The log grew; read on from your position. */
  advanced(): void;
  ephemeral(event: EphemeralEvent): void;
}

export interface Feed {
  readonly epoch: string;
  lastSeq(): number;
  firstSeq(): number;
  /** Events after a position: from memory near the end of the log, else from the store. */
  page(afterSeq: number, limit: number, subject?: Subject): readonly LoggedEvent[];
  /** The same as notifications bring it. */
  batches(afterSeq: number, wanted: Wanted): Batches;
  /** Tells an event that is not logged: to all who listen, or to those who follow what it is about. */
  emit<T extends EventType>(event: NewEvent<T>, followers?: Iterable<(event: EphemeralEvent) => void>): void;
  listen(listener: FeedListener): () => void;
}

export function createFeed({ store, clock, epoch }: { store: Store; clock: Clock; epoch: string }): Feed {
  const listeners = new Set<FeedListener>();
  let recent: LoggedEvent[] = [];
  let last = store.read((reader) => reader.events.lastSeq());
  /** Asked with each position that a client brings; only a commit can change it. */
  let first = { seq: 0, asOf: -1 };
  store.onEvents((events) => {
    last = events.at(-1)?.seq ?? last;
    recent =
      recent.length + events.length > 2 * limits.liveEventTexts
        ? [...recent, ...events].slice(-limits.liveEventTexts)
        : recent.concat(events);
    batches.forget();
    for (const listener of listeners) listener.advanced();
  });
  const feed: Feed = {
    epoch,
    lastSeq: () => last,
    firstSeq() {
      if (first.asOf !== store.commits) first = { seq: store.read((reader) => reader.events.firstSeq()), asOf: store.commits };
      return first.seq;
    },
    page(afterSeq, limit, subject) {
      const oldest = recent[0]?.seq;
      if (oldest !== undefined && afterSeq >= oldest - 1) return recent.slice(afterSeq - oldest + 1, afterSeq - oldest + 1 + limit);
      if (afterSeq >= last) return [];
      return store.read((reader) => reader.events.page(afterSeq, limit, subject));
    },
    batches: (afterSeq, wanted) => batches.after(afterSeq, wanted),
    emit(event, followers) {
      if (followers === undefined && listeners.size === 0) return;
      const ephemeral = { type: event.type, subject: event.subject, text: ephemeralText(event, clock.now()) };
      if (followers) for (const follower of followers) follower(ephemeral);
      else for (const listener of listeners) listener.ephemeral(ephemeral);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const batches = createBatches(feed);
  return feed;
}
