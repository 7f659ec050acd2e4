// An endless stream of events over a connection of its own, which is dialled again when it breaks: the position is the last cursor that was
// taken in, so nothing is missed and nothing comes twice. A slow consumer pauses the socket, and the daemon keeps its place in the log.
import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../rpc/transport.ts';
import { isFailure } from '../schemas/errors.ts';
import type { Event, EventData, EventType, ParamsOf, ResultOf, Session, Subject } from '../schemas/index.ts';
import { isRpcClientError } from './client-error.ts';
import type { Connection } from './dial.ts';
import { Inbox } from './inbox.ts';

/** An event, with the cursor from which a later stream goes on after it. */
export type ClientEvent = {
  [T in EventType]: Omit<Event, 'type' | 'data'> & { readonly type: T; readonly data: EventData<T>; readonly cursor: string };
}[EventType];

/** What the stream itself has to say, between events. */
export type StreamMarker =
  /** First item of a stream with `initial`: the sessions that have not ended, as of the cursor. */
  | { readonly type: 'stream.snapshot'; readonly cursor: string; readonly sessions: readonly Session[] }
  /** The position was of no use (a new database, or too old): discard what you know. With `initial` it brings the sessions. */
  | { readonly type: 'stream.fresh'; readonly cursor: string; readonly sessions?: readonly Session[] }
  /** The connection broke and is back. No durable event was missed; ephemeral ones may have been. */
  | { readonly type: 'stream.resumed'; readonly cursor: string }
  /** Ephemeral events were dropped because this client was slow. */
  | { readonly type: 'stream.shed'; readonly cursor: string; readonly count: number }
  /** The events with these numbers can not be had any more. */
  | { readonly type: 'stream.gap'; readonly cursor: string; readonly from: number; readonly to: number; readonly reason: 'pruned' };

export type StreamItem = ClientEvent | StreamMarker;

export interface EventStreamOptions {
  /** A cursor; default: the end of the log at this moment. */
  readonly after?: string;
  /** Globs over event types, like "session.*". */
  readonly types?: readonly string[];
  readonly subject?: Subject;
  /** Bring session.outputGrew of subject.sessionId. */
  readonly output?: boolean;
  readonly initial?: boolean;
  /** Told when the connection broke, each time; the stream goes on by itself, and stream.resumed says that it is back. */
  readonly onAway?: () => void;
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
}

/** Gets a connection; `again` after one broke. */
export type Dial = (options: { readonly again: boolean; readonly signal: AbortSignal | undefined }) => Promise<Connection>;

type Subscribed = ResultOf<'event.subscribe'>;
type Arrival =
  | { readonly kind: 'events'; readonly cursor: string; readonly events: readonly ClientEvent[]; readonly shed?: number }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly reason: 'pruned' };

/** Events kept for a consumer that is busy; past it the socket is not read. */
const bufferedEvents = 1_024;
const firstPauseMs = 5;
const longestPauseMs = 1_000;

export async function* streamEvents(dial: Dial, options: EventStreamOptions): AsyncGenerator<StreamItem, void, undefined> {
  const { signal } = options;
  const position = new Position(options.after);
  let pauseMs = 0;
  for (let again = false; !signal?.aborted; again = true) {
    if (pauseMs > 0) await delay(pauseMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    pauseMs = pauseMs === 0 ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
    const attempt = await subscribe(dial, options, position.cursor, again);
    if (attempt === undefined) {
      if (!signal?.aborted) options.onAway?.();
      continue;
    }
    const { connection, inbox, subscribed } = attempt;
    const stop = (): void => inbox.end();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      yield* opening(subscribed, options, position, again);
      for (let arrival = await inbox.next(); arrival !== undefined && !signal?.aborted; arrival = await inbox.next()) {
        pauseMs = 0;
        yield* itemsOf(arrival, position);
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      inbox.end();
      connection.peer.close();
    }
    if (!signal?.aborted) options.onAway?.();
  }
}

interface Attempt {
  readonly connection: Connection;
  readonly inbox: Inbox<Arrival>;
  readonly subscribed: Subscribed;
}

/** Undefined when the connection broke on the way, or when the consumer wants no more. */
async function subscribe(dial: Dial, options: EventStreamOptions, after: string | undefined, again: boolean): Promise<Attempt | undefined> {
  const { signal } = options;
  let connection: Connection;
  try {
    connection = await dial({ again, signal });
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
  const { peer, transport } = connection;
  // Listening begins before the call: the first events may come in the same chunk as the answer.
  const inbox = listen(connection);
  const leave = (): void => peer.close();
  signal?.addEventListener('abort', leave);
  try {
    const subscribed = (await peer.call('event.subscribe', subscribeParams(options, after))) as Subscribed;
    return { connection, inbox, subscribed };
  } catch (error) {
    peer.close();
    transport.resume?.();
    const worthAnotherTry = isRpcClientError(error) ? error.code !== 'BAD_RESULT' : isFailure(error) && error.retryable;
    if (signal?.aborted || worthAnotherTry) return undefined;
    throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

function subscribeParams(options: EventStreamOptions, after: string | undefined): ParamsOf<'event.subscribe'> {
  const { types, subject, output, initial } = options;
  return {
    ...(after === undefined ? {} : { after }),
    ...(types === undefined ? {} : { types: [...types] }),
    ...(subject === undefined ? {} : { subject }),
    ...(output === undefined ? {} : { output }),
    ...(initial === undefined ? {} : { initial }),
  };
}

function listen({ peer, transport }: Connection): Inbox<Arrival> {
  const inbox = new Inbox<Arrival>(
    bufferedEvents,
    flowOf(transport, () => peer.close()),
  );
  peer.onNotification('event', (params) => {
    const batch = params as Omit<Arrival & { kind: 'events' }, 'kind'>;
    inbox.push({ kind: 'events', ...batch }, batch.events.length + 1);
  });
  peer.onNotification('event.gap', (params) => inbox.push({ kind: 'gap', ...(params as Omit<Arrival & { kind: 'gap' }, 'kind'>) }, 1));
  void peer.closed.then(() => inbox.end());
  return inbox;
}

/** A transport that can not be paused is given up when the buffer is full; what is in it gets consumed, and the stream resumes after it. */
function flowOf(transport: Transport, giveUp: () => void): { pause(): void; resume(): void } {
  if (transport.pause === undefined) return { pause: giveUp, resume: () => undefined };
  return { pause: () => transport.pause?.(), resume: () => transport.resume?.() };
}

function* opening(subscribed: Subscribed, options: EventStreamOptions, position: Position, again: boolean): Generator<StreamItem> {
  const { cursor, fresh, snapshot } = subscribed;
  if (fresh || position.cursor === undefined) position.moveTo(cursor);
  if (fresh) yield { type: 'stream.fresh', cursor, ...(snapshot === undefined ? {} : { sessions: snapshot.sessions }) };
  else if (again) yield { type: 'stream.resumed', cursor };
  else if (options.initial) yield { type: 'stream.snapshot', cursor, sessions: snapshot?.sessions ?? [] };
}

function* itemsOf(arrival: Arrival, position: Position): Generator<StreamItem> {
  if (arrival.kind === 'gap') {
    const { from, to, reason } = arrival;
    position.skipTo(to);
    yield { type: 'stream.gap', from, to, reason, cursor: position.cursor ?? '' };
    return;
  }
  for (const event of arrival.events) {
    if (event.seq !== undefined && !position.advance(event.seq, arrival.cursor)) continue;
    yield { ...event, cursor: position.cursor ?? arrival.cursor };
  }
  position.moveTo(arrival.cursor);
  if (arrival.shed) yield { type: 'stream.shed', count: arrival.shed, cursor: arrival.cursor };
}

/** How far a stream has come. A cursor is `<epoch>:<seq>`; only this class looks into it. */
class Position {
  #cursor: string | undefined;
  #seq = -1;

  constructor(cursor: string | undefined) {
    if (cursor !== undefined) this.moveTo(cursor);
  }

  get cursor(): string | undefined {
    return this.#cursor;
  }

  moveTo(cursor: string): void {
    this.#cursor = cursor;
    this.#seq = Number(cursor.slice(cursor.indexOf(':') + 1));
  }

  /** False for an event that was taken in before. */
  advance(seq: number, cursorOfBatch: string): boolean {
    const epoch = epochOf(cursorOfBatch);
    if (this.#cursor !== undefined && epoch === epochOf(this.#cursor) && seq <= this.#seq) return false;
    this.moveTo(`${epoch}:${seq}`);
    return true;
  }

  skipTo(seq: number): void {
    if (this.#cursor !== undefined) this.moveTo(`${epochOf(this.#cursor)}:${seq}`);
  }
}

function epochOf(cursor: string): string {
  return cursor.slice(0, cursor.indexOf(':'));
}
