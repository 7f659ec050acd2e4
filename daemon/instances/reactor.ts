// What makes instances go: each is looked at whenever something of it changes, a deadline is due, and at the start of the daemon.
import { isFailure } from '../../schemas/errors.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { Log } from '../kernel/log.ts';
import { createReactor } from '../kernel/reactor.ts';
import type { LoggedEvent } from '../store/event-log.ts';
import type { Store, Writer } from '../store/store.ts';
import type { InstanceRecord } from '../store/tables/instances.ts';
import type { Adapter } from './adapter.ts';
import { createConnections } from './connections.ts';
import { lookAtExternal } from './external.ts';
import type { HostEventDeps } from './host-events.ts';
import { finishStop, loseInstance } from './instance-end.ts';
import { isLive } from './machine.ts';
import { driveThread, type ThreadDriverDeps } from './thread-driver.ts';
import { freshInstance, moveInstance } from './transition.ts';

export interface InstanceReactor {
  /** Goes on with what a former daemon left. */
  resume(): void;
  poke(instanceId: string): void;
  /** The order is given on the connection of the instance; undefined: there is none now. */
  connectionOf(instanceId: string): ReturnType<ReturnType<typeof createConnections>['of']>;
  /** Resolves when nothing is to be done now. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export interface InstanceReactorDeps extends ThreadDriverDeps, HostEventDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: Parameters<typeof createConnections>[0]['feed'];
  readonly deadlines: Deadlines;
  /** Of instances that the daemon drives itself. */
  readonly adapters: Readonly<Record<'acp' | 'tmux', Adapter>>;
}

const readyMs = 60_000;
const pollMs = 200;
const never = Number.POSITIVE_INFINITY;
const actor = 'daemon';

export function createInstanceReactor(deps: InstanceReactorDeps): InstanceReactor {
  const { store, clock, log, deadlines } = deps;
  const connections = createConnections({ ...deps, onChange: (id) => reactor.poke(id) });
  const reactor = createReactor({
    clock,
    advance: async (id, signal) => {
      const { done, until } = await look(id, signal);
      const key = `instance:${id}`;
      if (until === never) deadlines.clear(key);
      else deadlines.set(key, until, () => reactor.poke(id));
      return done;
    },
    onError: (error, id) => log.error({ err: error, instanceId: id }, 'an instance could not go on; it is looked at again'),
  });
  /** Since when a host that should be there does not answer. */
  const triedSince = new Map<string, number>();

  const look = async (id: string, signal: AbortSignal): Promise<{ done: boolean; until: number }> => {
    const instance = store.read((r) => r.instances.get(id));
    if (!instance || !isLive(instance.status)) {
      connections.drop(id);
      triedSince.delete(id);
      return { done: false, until: never };
    }
    if (instance.adapter === 'zed') return lookAtExternal(deps, instance);
    const adapter = deps.adapters[instance.adapter];
    if (instance.status === 'stopping') return stopping(instance, adapter);
    if (instance.status === 'lost') return lost(instance, adapter);
    if (!connections.of(id)) return connect(instance, adapter);
    return driveThreads(instance, adapter, signal);
  };
  const driveThreads = async (instance: InstanceRecord, adapter: Adapter, signal: AbortSignal) => {
    const connection = connections.of(instance.id);
    await connection?.settled();
    const known = store.read((r) => r.instances.get(instance.id)?.lastEventSeq ?? 0);
    if (connection === undefined || known < connection.caughtUpAt) return { done: false, until: never };
    let until = never;
    let done = false;
    for (const { id } of store.read((r) => r.threads.ofInstance(instance.id))) {
      if (signal.aborted || !connection.isOpen) return { done: false, until: never };
      const step = await driveThread(deps, adapter, connection, id);
      done ||= step.done;
      until = Math.min(until, step.until);
    }
    return { done, until };
  };
  const connect = async (instance: InstanceRecord, adapter: Adapter) => {
    const { id } = instance;
    const presence = store.read((r) => adapter.presence(r, instance));
    if (presence === 'absent') {
      await begin(instance, adapter, () => undefined);
      return { done: true, until: never };
    }
    if (presence === 'ended') {
      await connections.readLeft(instance, adapter);
      await store.write((w) => loseInstance(deps, w, id, 'its agent host has ended', clock.now()));
      return { done: true, until: never };
    }
    const startedAt = store.read((r) => adapter.startedAt(r, instance)) ?? 0;
    const since = Math.max(startedAt, triedSince.get(id) ?? clock.now());
    triedSince.set(id, since);
    try {
      await connections.open(freshly(id), adapter);
      triedSince.delete(id);
      return { done: true, until: never };
    } catch (error) {
      // A probe that failed is no proof of death.
      if (clock.now() - since < readyMs) return { done: false, until: clock.now() + pollMs };
      log.warn({ err: error, instanceId: id }, 'an agent host does not answer; it is ended and started again');
      triedSince.delete(id);
      await adapter.end(instance);
      await store.write((w) => loseInstance(deps, w, id, `its agent host did not answer within ${readyMs / 1_000} s`, clock.now()));
      return { done: true, until: never };
    }
  };
  const freshly = (id: string): InstanceRecord => store.read((r) => freshInstance(r, id));
  const begin = async (instance: InstanceRecord, adapter: Adapter, also: (w: Writer) => void): Promise<void> => {
    try {
      await adapter.begin(instance, also);
    } catch (error) {
      if (isFailure(error) && error.retryable) throw error;
      log.warn({ err: error, instanceId: instance.id }, 'an agent host could not be started');
      const why = isFailure(error) ? error.message : 'its agent host could not be started';
      await store.write((w) => {
        const { status, restartCount } = freshInstance(w, instance.id);
        if (!isLive(status)) return;
        if (status === 'lost') w.instances.change(instance.id, { restartCount: restartCount + 1 });
        loseInstance(deps, w, instance.id, why, clock.now());
      });
    }
  };
  const lost = async (instance: InstanceRecord, adapter: Adapter) => {
    const { id, restartAt = 0, restartCount } = instance;
    connections.drop(id);
    if (restartAt > clock.now()) return { done: false, until: restartAt };
    if (store.read((r) => adapter.presence(r, instance)) === 'running') {
      await adapter.end(instance);
      return { done: false, until: clock.now() + pollMs };
    }
    await begin(instance, adapter, (w) => {
      const change = { restartCount: restartCount + 1, restartAt: null };
      moveInstance(w, id, 'starting', { actor, now: clock.now(), reason: `start ${restartCount + 1} in a row` }, change);
    });
    return { done: true, until: never };
  };
  const stopping = async (instance: InstanceRecord, adapter: Adapter) => {
    const connection = connections.of(instance.id);
    const isRunning = (): boolean => store.read((r) => adapter.presence(r, instance)) === 'running';
    if (connection && !connection.told.has('shutdown')) {
      connection.told.add('shutdown');
      await connection.client.call('shutdown', {}).catch((error: unknown) => log.debug({ err: error }, 'a host ended while it was asked to'));
    }
    if (isRunning()) {
      await adapter.end(instance);
      if (isRunning()) return { done: false, until: clock.now() + pollMs };
    }
    await connections.readLeft(freshly(instance.id), adapter);
    connections.drop(instance.id);
    await store.write((w) => finishStop(deps, w, instance.id, clock.now()));
    return { done: true, until: never };
  };

  const heard = (events: readonly LoggedEvent[]): void => {
    const told = new Set(events.flatMap((event) => specTaskOf(store, event) ?? []));
    for (const specTaskId of told) {
      const instance = store.read((r) => r.instances.liveOf(specTaskId));
      if (instance) reactor.poke(instance.id);
    }
  };
  const unsubscribe = store.onEvents(heard);
  return {
    resume() {
      for (const { id } of store.read((r) => r.instances.live())) reactor.poke(id);
    },
    poke: reactor.poke,
    connectionOf: connections.of,
    idle: reactor.idle,
    async stop() {
      unsubscribe();
      await reactor.stop();
      connections.close();
    },
  };
}

/** Sessions tell of themselves without their spec task. */
function specTaskOf(store: Store, { type, subject }: LoggedEvent): string | undefined {
  if (subject.specTaskId !== undefined) return subject.specTaskId;
  const { sessionId } = subject;
  if (sessionId === undefined || (type !== 'step.started' && type !== 'session.finished')) return undefined;
  return store.read((r) => r.sessions.get(sessionId)?.specTaskId);
}
