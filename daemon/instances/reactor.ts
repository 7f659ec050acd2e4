// What is to be done for an instance: its host, its threads, and what was asked of them. Each look does one thing the rows ask for, so a
// daemon that starts goes on where the former one was.
import { Failure } from '../../schemas/errors.ts';
import type { HostEvent } from '../agents/host/protocol.ts';
import type { HostClient } from '../agents/host-client.ts';
import type { Feed } from '../events/feed.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon } from '../kernel/origin.ts';
import { createReactor } from '../kernel/reactor.ts';
import type { AgentRegistry } from '../models/registry.ts';
import type { AgentPlaceOf } from '../sessions/agent-environment.ts';
import type { EnvFiles } from '../sessions/env-file.ts';
import type { Store, Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';
import { hasAgentsHere, watchEditor, watchExternal } from './external.ts';
import { type ApplyDeps, applyHostEvent, isFact } from './host-events.ts';
import type { Hosting } from './hosting.ts';
import { loseHost, restartOrGiveUp } from './losing.ts';
import { isLive, restartDelaysMs } from './machine.ts';
import { dueOf } from './silence.ts';
import { advanceThread } from './thread-work.ts';
import { moveInstance, threadSubject } from './transition.ts';

export interface InstanceDeps extends ApplyDeps {
  readonly store: Store;
  readonly log: Log;
  readonly feed: Feed;
  readonly deadlines: Deadlines;
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  readonly agentPlaceOf: AgentPlaceOf;
  /** Programs that the agent of a work session is to start. */
  readonly mcpServersOf: EnvFiles['mcpServersOf'];
  readonly hostings: Readonly<Record<'acp' | 'tmux', Hosting>>;
  /** What waits for the recipient, to stand before its next prompt; told as delivered in the same transaction. */
  readonly takeDeliveries: (w: Writer, workSessionId: string) => string | undefined;
  /** Default: 15, 30 and 60 s. */
  readonly restartDelaysMs?: readonly number[];
}

export interface InstanceReactor {
  resume(): void;
  /** Throws INVALID_TRANSITION for a thread that is not open, PRECONDITION without its host, AGENT_FAILED when its agent refuses. */
  configure(thread: ThreadRecord, wanted: { readonly mode?: string; readonly model?: string }): Promise<void>;
  /** Resolves when nothing is to be done now. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** The connection to one host, and what was said on it. */
export interface Link {
  readonly host: HostClient;
  readonly queue: HostEvent[];
  /** The connection is over; what had come is still read. */
  isClosed: boolean;
  /** Threads that this connection has asked to open, cancel or close: once is enough, the rest comes as events. */
  readonly opening: Set<string>;
  readonly cancelling: Set<string>;
  readonly closing: Set<string>;
}

const readyMs = 60_000;
const connectPauseMs = 100;
const eventsAtOnce = 200;

const editorKey = (id: string): string => `editor of ${id}`;

export function createInstanceReactor(deps: InstanceDeps): InstanceReactor {
  const { store, clock, log, deadlines } = deps;
  const hosting = ({ adapter }: InstanceRecord): Hosting => deps.hostings[adapter === 'tmux' ? 'tmux' : 'acp'];
  const links = new Map<string, Link>();
  const delays = deps.restartDelaysMs ?? restartDelaysMs;

  const advance = async (id: string, signal: AbortSignal): Promise<boolean> => {
    const instance = store.read((r) => r.instances.get(id));
    if (!instance) return false;
    if (instance.adapter === 'zed' && !hasAgentsHere(instance)) {
      const due = await watchExternal(deps, instance);
      return due === undefined ? false : wait(id, due);
    }
    const link = links.get(id);
    if (link && link.queue.length > 0) return takeEvents(instance, link);
    if (!isLive(instance.status)) return endWhatIsLeft(instance);
    const runningSince = hosting(instance).runningSince(instance);
    if (instance.status === 'stopping') return stopHost(instance, link);
    if (hasAgentsHere(instance) && !(await isEditorThere(instance, runningSince !== undefined))) return false;
    if (instance.status === 'lost') return restart(instance);
    if (runningSince !== undefined && instance.restartRequestedAt !== undefined) return endHost(instance, link);
    // One of a former start, on its way out: its end makes this be looked at again.
    if (runningSince !== undefined && isToBegin(instance)) return false;
    if (runningSince === undefined) return isToBegin(instance) ? startHost(instance) : lose(instance, 'its agent host ended');
    if (!link) return connect(instance, runningSince, signal);
    if (instance.status === 'starting') return becomeReady(instance);
    for (const thread of store.read((r) => r.threads.ofInstance(id))) {
      if (await advanceThread(deps, hosting(instance), thread, link)) return true;
    }
    watchSilence(id);
    return false;
  };

  /** A host of this start that has ended already counts like one that was ready. */
  const isToBegin = (instance: InstanceRecord): boolean =>
    instance.status === 'starting' && (hosting(instance).lastBegunAt(instance) ?? -1) < (instance.restartAt ?? instance.createdAt);
  const startHost = async (instance: InstanceRecord): Promise<boolean> => {
    if (instance.restartAt !== undefined && instance.restartAt > clock.now()) return wait(instance.id, instance.restartAt);
    await hosting(instance).begin(instance);
    return true;
  };
  const connect = async (instance: InstanceRecord, runningSince: number, signal: AbortSignal): Promise<boolean> => {
    const queue: HostEvent[] = [];
    try {
      const onEvent = (event: HostEvent): void => {
        queue.push(event);
        reactor.poke(instance.id);
      };
      const host = await hosting(instance).connect(instance, onEvent);
      const link: Link = { host, queue, isClosed: false, opening: new Set(), cancelling: new Set(), closing: new Set() };
      links.set(instance.id, link);
      void host.closed.then(() => {
        link.isClosed = true;
        if (links.get(instance.id) === link && queue.length === 0) links.delete(instance.id);
        reactor.poke(instance.id);
      });
      return true;
    } catch {
      if (signal.aborted) return false;
      if (clock.now() - runningSince > readyMs && instance.status === 'starting') {
        await hosting(instance).end(instance, 'the agent host did not answer in time');
        return lose(instance, `its agent host did not answer within ${readyMs / 1_000} s`);
      }
      return wait(instance.id, clock.now() + connectPauseMs);
    }
  };
  /** What an editor shows runs for as long as it is there. */
  const isEditorThere = async (instance: InstanceRecord, isRunning: boolean): Promise<boolean> => {
    const due = await watchEditor(deps, instance);
    if (due === undefined && isRunning) await hosting(instance).end(instance, 'its editor is gone');
    if (due !== undefined) deadlines.set(editorKey(instance.id), due, () => reactor.poke(instance.id));
    return due !== undefined;
  };
  const becomeReady = async ({ id, adapter }: InstanceRecord): Promise<boolean> => {
    const alive = adapter === 'zed' ? {} : { lastHeartbeatAt: clock.now() };
    await store.write((w) => moveInstance(w, id, { to: 'ready', change: { ...alive, restartAt: null } }, clock.now()));
    return true;
  };
  const takeEvents = async (instance: InstanceRecord, link: Link): Promise<boolean> => {
    const events = link.queue.slice(0, eventsAtOnce);
    await write(instance, events);
    // Only now: what could not be written is tried again.
    link.queue.splice(0, events.length);
    for (const { kind, threadId = '' } of events)
      if (kind === 'thread.opened' || kind === 'thread.openFailed') link.opening.delete(threadId);
    for (const event of events) tell(event);
    if (link.queue.length === 0 && link.isClosed) links.delete(instance.id);
    return true;
  };
  const write = async (instance: InstanceRecord, events: readonly HostEvent[]): Promise<void> => {
    const { threads, unproven } = store.read((r) => {
      const ids = [...new Set(events.flatMap(({ threadId }) => threadId ?? []))];
      return {
        threads: new Map(ids.map((id) => [id, r.threads.get(id)])),
        unproven: new Set(ids.filter((id) => r.prompts.openOf(id).some(({ status }) => status === 'submitted'))),
      };
    });
    const facts = events.filter((event) => {
      const { threadId = '' } = event;
      return unproven.has(threadId) || isFact(event, threads.get(threadId), clock.now());
    });
    if (facts.length === 0) return;
    await store.write((w) => {
      for (const event of facts) applyHostEvent(deps, w, instance.id, event);
    });
  };
  /** To those who watch. */
  const tell = (event: HostEvent): void => {
    if (event.kind !== 'update' || event.threadId === undefined) return;
    const thread = store.read((r) => r.threads.get(event.threadId as string));
    if (!thread) return;
    const { update } = event.data;
    const kind = (update as { sessionUpdate?: string }).sessionUpdate ?? 'update';
    const data = {
      threadId: thread.id,
      ...(thread.workSessionId === undefined ? {} : { workSessionId: thread.workSessionId }),
      seq: event.seq,
      kind,
      update,
    };
    deps.feed.emit({ type: 'thread.activity', subject: store.read((r) => threadSubject(r, thread)), actor: byDaemon.actor, data });
  };
  /** What the dead host wrote last is taken first; then its threads have nobody. */
  const lose = async (instance: InstanceRecord, why: string): Promise<boolean> => {
    await write(instance, hosting(instance).eventsAfter(instance, instance.lastEventSeq));
    await store.write((w) => loseHost(w, instance.id, why, clock.now()));
    return true;
  };
  const restart = async ({ id }: InstanceRecord): Promise<boolean> => {
    await store.write((w) => restartOrGiveUp(deps, w, id, delays));
    return true;
  };
  const stopHost = async (instance: InstanceRecord, link: Link | undefined): Promise<boolean> => {
    if (link) {
      await link.host
        .call('shutdown', {})
        .catch((error: unknown) => log.debug({ err: error }, 'an agent host was gone before it was asked to end'));
      await link.host.closed;
      return true;
    }
    await hosting(instance).end(instance, 'the instance is stopped');
    await store.write((w) => {
      for (const thread of w.threads.ofInstance(instance.id)) deps.threads.close(w, thread.id, 'failed', 'its instance was stopped');
      moveInstance(w, instance.id, { to: 'stopped' }, clock.now());
    });
    return false;
  };
  /** Its end is then found like any other, and answered by the first of the restarts. */
  const endHost = async (instance: InstanceRecord, link: Link | undefined): Promise<boolean> => {
    await store.write((w) => w.instances.change(instance.id, { restartRequestedAt: null }));
    if (link) await link.host.call('shutdown', {});
    else await hosting(instance).end(instance, 'the instance is started again');
    return true;
  };
  /** A newer instance may have taken its place before it was seen to stop. */
  const endWhatIsLeft = async (instance: InstanceRecord): Promise<boolean> => {
    endLink(instance.id);
    if (hosting(instance).runningSince(instance) !== undefined) await hosting(instance).end(instance, `the instance is ${instance.status}`);
    return false;
  };
  const endLink = (id: string): void => {
    links.get(id)?.host.end();
    links.delete(id);
  };
  const wait = (id: string, at: number): false => {
    deadlines.set(`instance ${id}`, at, () => reactor.poke(id));
    return false;
  };
  const watchSilence = (id: string): void => {
    const due = store.read((r) => dueOf(r.threads.ofInstance(id), clock.now()));
    if (due !== undefined) wait(id, due);
  };

  const reactor = createReactor({
    clock,
    advance,
    onError: (error, id) => log.error({ err: error, instanceId: id }, 'an instance could not go on; it is looked at again'),
  });
  const pokeTask = (specTaskId: string): void => {
    const live = store.read((r) => r.instances.liveOf(specTaskId));
    if (live) reactor.poke(live.id);
  };
  const unsubscribe = store.onEvents((events) => {
    for (const specTaskId of new Set(events.flatMap(({ subject }) => subject.specTaskId ?? []))) pokeTask(specTaskId);
    for (const id of links.keys()) if (!isLive(store.read((r) => r.instances.get(id))?.status ?? 'stopped')) reactor.poke(id);
  });
  return {
    resume() {
      for (const { id } of store.read((r) => r.instances.live())) reactor.poke(id);
      // Hosts that outlived their instance.
      for (const { instanceId } of store.read((r) => r.sessions.active())) if (instanceId !== undefined) reactor.poke(instanceId);
    },
    idle: reactor.idle,
    async configure(thread, wanted) {
      assertOpen(thread);
      const link = links.get(thread.instanceId);
      if (!link) {
        throw new Failure(
          'PRECONDITION',
          `Nothing that the daemon drives has thread "${thread.id}" now; try again when its host is there.`,
          {
            details: { reason: 'no_host' },
          },
        );
      }
      await link.host.call('configure', { threadId: thread.id, ...wanted }).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        const details = { agent: thread.agent };
        throw new Failure('AGENT_FAILED', `The agent "${thread.agent}" does not take that: ${why}`, { details, cause });
      });
    },
    async stop() {
      unsubscribe();
      await reactor.stop();
      for (const id of [...links.keys()]) {
        deadlines.clear(`instance ${id}`);
        deadlines.clear(editorKey(id));
        endLink(id);
      }
    },
  };
}

function assertOpen({ id, status }: ThreadRecord): void {
  if (status === 'active') return;
  throw new Failure('INVALID_TRANSITION', `Thread "${id}" is ${status}, so its agent can choose nothing.`, {
    details: { from: status, to: 'active', allowed: [] },
  });
}
