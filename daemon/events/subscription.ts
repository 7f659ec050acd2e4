// A subscription is a position in the log, not a queue: it costs the same however slow its client is.
import { SharedText } from '../../rpc/shared-text.ts';
import { limits } from '../../schemas/limits.ts';
import { wantedBy } from './batches.ts';
import { formatCursor } from './cursor.ts';
import type { EphemeralEvent, Feed } from './feed.ts';
import type { EventFilter } from './filter.ts';

/** The sending half of a connection. */
export interface Outlet {
  readonly unsentBytes: number;
  /** Sends one JSON-RPC message that is text already. */
  sendText(text: string): void;
  /** The same of three pieces, of which others get the middle one, too. */
  sendAround(before: string, shared: SharedText, after: string): void;
}

export interface Subscription {
  readonly id: string;
  /** The last event of the log that was sent, or was not asked for. */
  readonly position: number;
  /** Sends what the log has beyond the position, while the connection takes it. */
  pump(): void;
  ephemeral(event: EphemeralEvent): void;
  /** Nothing is read or sent any more, a replay under way included. */
  close(): void;
}

export interface SubscriptionOptions extends EventFilter {
  readonly id: string;
  readonly feed: Feed;
  readonly outlet: Outlet;
  readonly afterSeq: number;
  /** Runs its argument on a later turn, so that a long replay leaves room for other work. */
  readonly later: (resume: () => void) => void;
  /** Called by close. */
  readonly onClose?: () => void;
}

export function createSubscription({ id, feed, outlet, afterSeq, later, onClose, ...filter }: SubscriptionOptions): Subscription {
  const wanted = wantedBy(filter);
  const head = `{"jsonrpc":"2.0","method":"event","params":{"subscriptionId":${JSON.stringify(id)},"cursor":"`;
  let position = afterSeq;
  let shed = 0;
  let replaying = false;
  let closed = false;

  const hasRoom = (): boolean => outlet.unsentBytes < limits.unsentBytes;
  const send = (events: SharedText): void => {
    const note = shed > 0 ? `,"shed":${shed}` : '';
    shed = 0;
    outlet.sendAround(`${head}${formatCursor(feed.epoch, position)}","events":[`, events, `]${note}}}`);
  };
  const skipPruned = (): void => {
    const first = feed.firstSeq();
    if (position >= first - 1) return;
    const params = { subscriptionId: id, from: position + 1, to: first - 1, reason: 'pruned' };
    outlet.sendText(JSON.stringify({ jsonrpc: '2.0', method: 'event.gap', params }));
    position = first - 1;
  };
  /** Sends one page; false when the log has no more, or the connection takes no more. */
  const sendPage = (): boolean => {
    const { firstSeq, list, more } = feed.batches(position, wanted);
    if (firstSeq !== position + 1) skipPruned();
    for (const { events, through } of list) {
      if (through !== list[0]?.through && !hasRoom()) return false;
      position = Math.max(position, through);
      if (events.text !== '') send(events);
    }
    return more;
  };
  const pump = (): void => {
    if (closed || replaying || position >= feed.lastSeq() || !hasRoom()) return;
    if (!sendPage()) return;
    replaying = true;
    later(() => {
      replaying = false;
      pump();
    });
  };
  return {
    id,
    get position() {
      return position;
    },
    pump,
    ephemeral(event) {
      if (closed || !wanted.accepts(event)) return;
      if (hasRoom() && !replaying) send(new SharedText(event.text));
      else shed += 1;
    },
    close() {
      closed = true;
      onClose?.();
    },
  };
}
