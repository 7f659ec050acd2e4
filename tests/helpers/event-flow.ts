// Durable events by the thousand, and subscribers that keep what they got.
import type { Client } from '../../client/index.ts';
import { Peer } from '../../rpc/peer.ts';
import type { Transport } from '../../rpc/transport.ts';
import { connectUnix } from '../../rpc/unix-socket.ts';
import type { Event, ParamsOf, ResultOf } from '../../schemas/index.ts';
import { until } from './until.ts';

let made = 0;

/** Makes `count` events (even): tokens come and go, some calls at once, which is the cheapest fact the daemon knows. */
export async function makeEvents(client: Client, count: number, atOnce = 32): Promise<void> {
  let left = count / 2;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      made += 1;
      const { id } = await client.auth.createToken({ name: `made ${made}`, scopes: ['read'] });
      await client.auth.revokeToken({ token: id });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

export function seqOf(cursor: string): number {
  return Number(cursor.slice(cursor.indexOf(':') + 1));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

interface Notification {
  readonly subscriptionId: string;
  readonly cursor: string;
  readonly events: readonly Event[];
  readonly shed?: number;
}

type Subscribed = ResultOf<'event.subscribe'>;

/** What came for one subscription. */
export class Received {
  readonly events: Event[] = [];
  readonly notifications: Notification[] = [];
  readonly gaps: { from: number; to: number; reason: string }[] = [];
  readonly answer: Subscribed;

  constructor(answer: Subscribed) {
    this.answer = answer;
  }

  get seqs(): number[] {
    return this.events.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  }

  get lastSeq(): number {
    return this.events.findLast(({ seq }) => seq !== undefined)?.seq ?? 0;
  }

  reaches(seq: number): Promise<unknown> {
    return until(`event ${seq}`, () => this.lastSeq >= seq);
  }
}

/** One connection with subscriptions, over the plain transport: nothing is resumed or sorted out for it. */
export class Listener implements AsyncDisposable {
  readonly peer: Peer;
  readonly transport: Transport;
  readonly #subscriptions = new Map<string, Received>();
  readonly strays: Notification[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
    this.peer = new Peer(transport);
    this.peer.onNotification('event', (params) => {
      const notification = params as Notification;
      const received = this.#subscriptions.get(notification.subscriptionId);
      if (received === undefined) this.strays.push(notification);
      received?.notifications.push(notification);
      for (const event of notification.events) received?.events.push(event);
    });
    this.peer.onNotification('event.gap', (params) => {
      const { subscriptionId, ...gap } = params as { subscriptionId: string; from: number; to: number; reason: string };
      this.#subscriptions.get(subscriptionId)?.gaps.push(gap);
    });
  }

  static async to(socketPath: string): Promise<Listener> {
    return new Listener(await connectUnix(socketPath));
  }

  async subscribe(params: ParamsOf<'event.subscribe'> = {}): Promise<Received> {
    // The answer and the first events may be in one chunk, so the place for them is made before anything is awaited.
    const received = await new Promise<Received>((resolve, reject) => {
      this.peer.call('event.subscribe', params).then((answer) => {
        const place = new Received(answer as Subscribed);
        this.#subscriptions.set(place.answer.subscriptionId, place);
        for (const stray of this.strays.splice(0)) {
          if (stray.subscriptionId !== place.answer.subscriptionId) this.strays.push(stray);
          else {
            place.notifications.push(stray);
            place.events.push(...stray.events);
          }
        }
        resolve(place);
      }, reject);
    });
    return received;
  }

  unsubscribe(received: Received): Promise<unknown> {
    return this.peer.call('event.unsubscribe', { subscriptionId: received.answer.subscriptionId });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.peer.close();
    await this.peer.closed;
  }
}
