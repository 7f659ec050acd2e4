// The connections to hosts, and the way of their events into the store: in order, by the cursor of the instance, several in one transaction.
import type { HostClient } from '../agents/host-client.ts';
import type { HostEvent } from '../agents/host/protocol.ts';
import type { Feed } from '../events/feed.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Store } from '../store/store.ts';
import type { InstanceRecord } from '../store/tables/instances.ts';
import type { Adapter } from './adapter.ts';
import { applyHostEvents, type HostEventDeps } from './host-events.ts';
import { openKey } from './next-action.ts';
import { threadData, threadSubject } from './transition.ts';

export interface Connection {
  readonly client: HostClient;
  /** Orders that this host was given on this connection, so that none is given twice. */
  readonly told: Set<string>;
  /** Threads that the host has a process of. */
  readonly hosted: Set<string>;
  /** Where its log ended when the connection was made: before that is known nothing is decided. */
  readonly caughtUpAt: number;
  readonly isOpen: boolean;
  /** Resolves when all events that came are in the store. */
  settled(): Promise<void>;
}

export interface ConnectionDeps extends HostEventDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: Pick<Feed, 'emit'>;
  readonly onChange: (instanceId: string) => void;
}

export interface Connections {
  of(instanceId: string): Connection | undefined;
  /** Rejects while no host answers. */
  open(instance: InstanceRecord, adapter: Adapter): Promise<void>;
  /** Applies what a host wrote down before it ended. */
  readLeft(instance: InstanceRecord, adapter: Adapter): Promise<void>;
  drop(instanceId: string): void;
  close(): void;
}

export function createConnections(deps: ConnectionDeps): Connections {
  const { store, clock, log, feed, onChange } = deps;
  const open = new Map<string, Connection>();

  const apply = async (instanceId: string, events: readonly HostEvent[]): Promise<void> => {
    const now = clock.now();
    const before = store.read((r) => r.instances.get(instanceId)?.lastEventSeq ?? 0);
    await store.write((w) => applyHostEvents(deps, w, instanceId, events, now));
    for (const event of events) if (event.seq > before) tellActivity(event);
  };
  const tellActivity = ({ threadId, kind, seq, data }: HostEvent): void => {
    const thread = threadId === undefined ? undefined : store.read((r) => r.threads.get(threadId));
    if (!thread) return;
    const subject = store.read((r) => threadSubject(r, thread));
    const update = kind === 'update' ? data.update : data;
    feed.emit({ type: 'thread.activity', subject, actor: 'daemon', data: { ...threadData(thread), seq, kind, update } });
  };
  const drop = (instanceId: string): void => {
    const connection = open.get(instanceId);
    open.delete(instanceId);
    connection?.client.end();
  };
  return {
    of: (instanceId) => open.get(instanceId),
    async open(instance, adapter) {
      const { id } = instance;
      const hosted = new Set<string>();
      const inbox = createInbox((events) => apply(id, events).then(() => onChange(id)));
      inbox.onFault = (error) => {
        // The next connection begins where the store is.
        log.error({ err: error, instanceId: id }, 'events of an agent host could not be written down; it is connected again');
        drop(id);
        onChange(id);
      };
      const told = new Set<string>();
      const client = await adapter.connect(instance, (event) => {
        const { kind, threadId } = event;
        if (threadId !== undefined && kind === 'thread.opened') hosted.add(threadId);
        if (threadId !== undefined && (kind === 'thread.exited' || kind === 'thread.openFailed')) {
          hosted.delete(threadId);
          told.delete(openKey(threadId));
        }
        inbox.push(event);
      });
      const { lastSeq, threads } = await client.call('status', {});
      for (const threadId of threads) hosted.add(threadId);
      let isOpen = true;
      open.set(id, {
        ...{ client, told, hosted, caughtUpAt: lastSeq, settled: inbox.settled },
        get isOpen() {
          return isOpen;
        },
      });
      void client.closed.then(() => {
        isOpen = false;
        if (open.get(id)?.client !== client) return;
        open.delete(id);
        onChange(id);
      });
    },
    readLeft: (instance, adapter) => {
      const left = adapter.eventsSince(instance, instance.lastEventSeq);
      return left.length === 0 ? Promise.resolve() : apply(instance.id, left);
    },
    drop,
    close() {
      for (const id of [...open.keys()]) drop(id);
    },
  };
}

/** What comes while a transaction is under way is the next one. */
function createInbox(take: (events: readonly HostEvent[]) => Promise<void>) {
  let waiting: HostEvent[] = [];
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const events = waiting.slice(0, batch);
      waiting = waiting.slice(batch);
      await take(events);
    }
  };
  const inbox = {
    onFault: (_: unknown): void => undefined,
    push(event: HostEvent): void {
      waiting.push(event);
      running ??= run()
        .catch((error: unknown) => inbox.onFault(error))
        .finally(() => {
          running = undefined;
        });
    },
    settled: async (): Promise<void> => running,
  };
  return inbox;
}

const batch = 256;
