// Instances outside of the daemon: an editor that says that it lives, and whose silence is counted. One kind runs agents of its own and
// reports of them; the other shows and steers agents that the daemon runs, as long as it is there.
import type { Clock } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Store, Writer } from '../store/store.ts';
import type { InstanceRecord } from '../store/tables/instances.ts';
import type { ApplyDeps } from './host-events.ts';
import { heartbeat, isLive, silenceOf } from './machine.ts';
import { moveInstance, moveThread, setAgentState } from './transition.ts';
import { interruptTurn } from './turn-ends.ts';

type Deps = ApplyDeps & { readonly store: Store; readonly clock: Clock };

/** It said so when it was ready: `capabilities.agents` is "daemon". */
export function hasAgentsHere({ adapter, capabilities }: InstanceRecord): boolean {
  return adapter === 'zed' && capabilities.agents === 'daemon';
}

/** Of one with agents of its own. Answers when its silence means something next. */
export async function watchExternal(deps: Deps, instance: InstanceRecord): Promise<number | undefined> {
  const { store, clock } = deps;
  const { id, status } = instance;
  if (!isLive(status)) return undefined;
  if (status === 'stopping') {
    await store.write((w) => {
      disconnect(deps, w, id, 'its editor was told to stop');
      moveInstance(w, id, { to: 'stopped' }, clock.now());
    });
    return undefined;
  }
  return watchEditor(deps, instance);
}

/** undefined: it is not there. Before its first beat it may take as long as a human takes to open an editor. */
export async function watchEditor(deps: Deps, { id, status, lastHeartbeatAt }: InstanceRecord): Promise<number | undefined> {
  const { store, clock } = deps;
  if (lastHeartbeatAt === undefined) return undefined;
  const found = silenceOf(clock.now() - lastHeartbeatAt);
  if (found === 'lost') {
    if (status !== 'lost') await store.write((w) => lose(deps, w, id));
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
  const instance = w.instances.get(id) as InstanceRecord;
  const { status, lastHeartbeatAt = now } = instance;
  if (status === 'ready') {
    w.instances.change(id, { lastHeartbeatAt: now });
    return;
  }
  if (hasAgentsHere(instance)) {
    // Its host makes it ready; one that ended meanwhile is started again on its own account.
    const wasSilent = status === 'lost' && silenceOf(now - lastHeartbeatAt) === 'lost';
    const to = status === 'stale' ? 'ready' : wasSilent ? 'starting' : status;
    moveInstance(w, id, { to, change: { lastHeartbeatAt: now, ...(wasSilent ? { restartAt: now } : {}) } }, now);
    attention.settleAbout(w, id, byDaemon.actor);
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
