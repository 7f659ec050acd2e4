// Instances outside of the daemon: an editor that says that it lives, and whose silence is counted.
import type { Clock } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Store, Writer } from '../store/store.ts';
import type { InstanceRecord } from '../store/tables/instances.ts';
import type { ApplyDeps } from './host-events.ts';
import { heartbeat, silenceOf } from './machine.ts';
import { moveInstance, moveThread, setAgentState } from './transition.ts';
import { interruptTurn } from './turn-ends.ts';

type Deps = ApplyDeps & { readonly store: Store; readonly clock: Clock };

/** Answers when its silence means something next. Before its first beat it may start for as long as it takes a human to open an editor. */
export async function watchExternal(deps: Deps, instance: InstanceRecord): Promise<number | undefined> {
  const { store, clock } = deps;
  const { id, status, lastHeartbeatAt } = instance;
  if (status === 'stopping') {
    await store.write((w) => {
      disconnect(deps, w, id, 'its editor was told to stop');
      moveInstance(w, id, { to: 'stopped' }, clock.now());
    });
    return undefined;
  }
  if (lastHeartbeatAt === undefined || (status !== 'ready' && status !== 'stale')) return undefined;
  const found = silenceOf(clock.now() - lastHeartbeatAt);
  if (found === 'lost') {
    await store.write((w) => lose(deps, w, id));
    return undefined;
  }
  if (found === 'stale' && status === 'ready') await store.write((w) => grownStale(deps, w, id));
  return lastHeartbeatAt + 1 + (found === 'stale' ? heartbeat.lostAfterMs : heartbeat.staleAfterMs);
}

/** A beat may have come while this was on its way. */
function silentNow({ clock }: Deps, w: Writer, id: string): 'alive' | 'stale' | 'lost' {
  const { lastHeartbeatAt = clock.now() } = w.instances.get(id) as InstanceRecord;
  return silenceOf(clock.now() - lastHeartbeatAt);
}

function grownStale(deps: Deps, w: Writer, id: string): void {
  if (silentNow(deps, w, id) === 'stale') moveInstance(w, id, { to: 'stale' }, deps.clock.now());
}

function lose(deps: Deps, w: Writer, id: string): void {
  if (silentNow(deps, w, id) !== 'lost') return;
  const reason = `nothing was heard of its editor for ${heartbeat.lostAfterMs / 1_000} s`;
  disconnect(deps, w, id, reason);
  moveInstance(w, id, { to: 'lost', reason }, deps.clock.now());
  const { projectId, specTaskId } = w.instances.get(id) as InstanceRecord;
  deps.attention.raise(w, {
    ...{ kind: 'instance_lost', refId: id, title: 'The editor of a spec task is not heard of any more', detail: reason },
    ...{ remedy: 'open the editor again', projectId, specTaskId },
  });
}

/** Its turns are over, and its threads wait until they are opened again. */
export function disconnect(deps: ApplyDeps, w: Writer, instanceId: string, reason: string): void {
  const now = deps.clock.now();
  for (const thread of w.threads.ofInstance(instanceId)) {
    if (thread.status !== 'active') continue;
    interruptTurn(deps, w, thread, reason);
    moveThread(w, thread.id, { to: 'disconnected', reason }, now);
    setAgentState(w, thread.id, { state: 'unknown', source: 'process', detail: reason }, now);
  }
}

/** Any sign of life. What was lost is there again, and its threads by what the editor calls them. */
export function beat({ attention, clock }: Pick<ApplyDeps, 'attention' | 'clock'>, w: Writer, id: string): void {
  const now = clock.now();
  const { status } = w.instances.get(id) as InstanceRecord;
  if (status === 'ready') {
    w.instances.change(id, { lastHeartbeatAt: now });
    return;
  }
  moveInstance(w, id, { to: 'ready', change: { lastHeartbeatAt: now } }, now);
  attention.settleAbout(w, id, byDaemon.actor);
  if (status !== 'lost') return;
  for (const thread of w.threads.ofInstance(id)) {
    if (thread.status !== 'disconnected' || thread.externalId === undefined) continue;
    moveThread(w, thread.id, { to: 'active', reason: 'its editor is there again' }, now);
    setAgentState(w, thread.id, { state: 'idle', source: 'protocol' }, now);
  }
}
