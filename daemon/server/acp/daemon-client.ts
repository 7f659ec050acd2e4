// The daemon as the face sees it: a connection in this process, with the rights of whoever made the upgrade.
import { type Api, createApi } from '../../../rpc/call.ts';
import { Peer } from '../../../rpc/peer.ts';
import type { Transport } from '../../../rpc/transport.ts';

export interface DaemonEvent {
  readonly type: string;
  readonly subject: { readonly sessionId?: string; readonly specTaskId?: string; readonly workSessionId?: string };
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DaemonClient {
  readonly api: Api;
  /** Calls `heard` for what is told of one thing from now on. The undo ends it. */
  follow(what: Followed, heard: (event: DaemonEvent) => void): Promise<() => void>;
  readonly closed: Promise<void>;
  close(): void;
}

/** One of the two. */
export type Followed = { readonly specTaskId: string } | { readonly sessionId: string };

export function createDaemonClient(transport: Transport): DaemonClient {
  const peer = new Peer(transport);
  const api = createApi((method, params, options) => peer.call(method, params, options));
  const listeners = new Map<string, Set<(event: DaemonEvent) => void>>();
  const subscriptions = new Map<string, Promise<string>>();
  peer.onNotification('event', (params) => {
    for (const event of (params as { events: DaemonEvent[] }).events) {
      const { sessionId, specTaskId } = event.subject;
      for (const id of [sessionId, specTaskId]) for (const heard of listeners.get(id ?? '') ?? []) heard(event);
    }
  });
  return {
    api,
    async follow(what, heard) {
      const id = 'specTaskId' in what ? what.specTaskId : what.sessionId;
      const known = listeners.get(id) ?? new Set();
      listeners.set(id, known.add(heard));
      const subscribed = subscriptions.get(id) ?? api.event.subscribe({ subject: what }).then(({ subscriptionId }) => subscriptionId);
      subscriptions.set(id, subscribed);
      const undo = (): void => {
        if (!known.delete(heard) || known.size > 0) return;
        listeners.delete(id);
        subscriptions.delete(id);
        // A connection that is over has no subscriptions any more.
        void subscribed.then((subscriptionId) => api.event.unsubscribe({ subscriptionId })).catch(() => undefined);
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
