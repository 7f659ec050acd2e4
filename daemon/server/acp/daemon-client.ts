// The daemon as the face sees it: a connection in this process, with the rights of whoever made the upgrade.
import { type Api, createApi } from '../../../rpc/call.ts';
import { Peer } from '../../../rpc/peer.ts';
import type { Transport } from '../../../rpc/transport.ts';

export interface DaemonEvent {
  readonly type: string;
  readonly subject: {
    readonly projectId?: string;
    readonly sessionId?: string;
    readonly specTaskId?: string;
    readonly workSessionId?: string;
  };
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DaemonClient {
  readonly api: Api;
  /** Calls `heard` for what is told of one thing from now on. The undo ends it. */
  follow(what: Followed, heard: (event: DaemonEvent) => void): Promise<() => void>;
  readonly closed: Promise<void>;
  close(): void;
}

export type Followed = { readonly projectId: string } | { readonly specTaskId: string } | { readonly sessionId: string };

export function createDaemonClient(transport: Transport): DaemonClient {
  const peer = new Peer(transport);
  const api = createApi((method, params, options) => peer.call(method, params, options));
  const listeners = new Map<string, Set<(event: DaemonEvent) => void>>();
  const subscriptions = new Map<string, Promise<string>>();
  /** What is followed by which subscription. */
  const followed = new Map<string, string>();
  /** Told in the same moment as the answer that names their subscription. */
  const early = new Map<string, DaemonEvent[]>();
  const hear = (id: string, events: readonly DaemonEvent[]): void => {
    for (const event of events) for (const heard of listeners.get(id) ?? []) heard(event);
  };
  peer.onNotification('event', (params) => {
    const { subscriptionId, events } = params as { subscriptionId: string; events: DaemonEvent[] };
    const id = followed.get(subscriptionId);
    if (id !== undefined) hear(id, events);
    else if (!ended.has(subscriptionId)) early.set(subscriptionId, [...(early.get(subscriptionId) ?? []), ...events]);
  });
  const ended = new Set<string>();
  const subscribe = async (subject: Followed, id: string): Promise<string> => {
    const { subscriptionId } = await api.event.subscribe({ subject });
    followed.set(subscriptionId, id);
    const first = early.get(subscriptionId) ?? [];
    early.delete(subscriptionId);
    hear(id, first);
    return subscriptionId;
  };
  const unsubscribe = async (subscriptionId: string): Promise<void> => {
    ended.add(subscriptionId);
    followed.delete(subscriptionId);
    await api.event.unsubscribe({ subscriptionId });
  };
  return {
    api,
    async follow(what, heard) {
      const [id] = Object.values(what) as [string];
      const known = listeners.get(id) ?? new Set();
      listeners.set(id, known.add(heard));
      const subscribed = subscriptions.get(id) ?? subscribe(what, id);
      subscriptions.set(id, subscribed);
      const undo = (): void => {
        if (!known.delete(heard) || known.size > 0) return;
        listeners.delete(id);
        subscriptions.delete(id);
        // A connection that is over has no subscriptions any more.
        void subscribed.then(unsubscribe).catch(() => undefined);
      };
      await subscribed.catch((error: unknown) => {
        undo();
        throw error;
      });
      return undo;
    },
    closed: peer.closed,
    close: () => peer.close(),
  };
}
