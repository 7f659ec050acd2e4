// Instances outside of the daemon: an editor that says that it lives, and what happens in it. Its silence is counted.
import type { Clock } from '../kernel/clock.ts';
import type { Store, Writer } from '../store/store.ts';
import type { InstanceRecord } from '../store/tables/instances.ts';
import type { HostEventDeps } from './host-events.ts';
import { disconnectThreads } from './instance-end.ts';
import { heartbeat, silenceOf } from './machine.ts';
import { freshInstance, moveInstance, moveThread } from './transition.ts';

export interface ExternalDeps extends HostEventDeps {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
}

const actor = 'daemon';

/** Before its first beat it is starting, however long that takes: a human opens an editor. */
export async function lookAtExternal(deps: ExternalDeps, instance: InstanceRecord): Promise<{ done: boolean; until: number }> {
  const { store, clock } = deps;
  const { id, status, lastHeartbeatAt } = instance;
  if (status === 'stopping') {
    await store.write((w) => {
      disconnectThreads(deps, w, instance, 'its instance was stopped', clock.now());
      moveInstance(w, id, 'stopped', { actor, now: clock.now() });
    });
    return { done: false, until: Number.POSITIVE_INFINITY };
  }
  if (lastHeartbeatAt === undefined || status === 'starting' || status === 'lost') return { done: false, until: Number.POSITIVE_INFINITY };
  const silentMs = clock.now() - lastHeartbeatAt;
  const found = silenceOf(silentMs);
  if (found === 'lost') await store.write((w) => lose(deps, w, id, clock.now()));
  else if (found === 'stale' && status === 'ready') await store.write((w) => moveInstance(w, id, 'stale', { actor, now: clock.now() }));
  if (found === 'lost') return { done: false, until: Number.POSITIVE_INFINITY };
  const next = found === 'stale' ? heartbeat.lostAfterMs : heartbeat.staleAfterMs;
  return { done: false, until: lastHeartbeatAt + next + 1 };
}

function lose(deps: ExternalDeps, w: Writer, id: string, now: number): void {
  const instance = freshInstance(w, id);
  // A beat came while this was on its way.
  if (silenceOf(now - (instance.lastHeartbeatAt ?? now)) !== 'lost') return;
  const reason = `nothing was heard of it for ${Math.round((now - (instance.lastHeartbeatAt ?? now)) / 1_000)} s`;
  disconnectThreads(deps, w, instance, reason, now);
  moveInstance(w, id, 'lost', { actor, now, reason }, { lastError: reason });
  deps.attention.raise(w, {
    ...{ kind: 'instance_lost', refId: id, title: 'The editor of a spec task is not heard of any more', detail: reason },
    ...{ projectId: instance.projectId, specTaskId: instance.specTaskId },
  });
}

/** Any sign of life. What was lost is there again, its threads by what the editor calls them. */
export function beat({ attention }: Pick<HostEventDeps, 'attention'>, w: Writer, id: string, by: string, now: number): void {
  const { status } = freshInstance(w, id);
  w.instances.change(id, { lastHeartbeatAt: now });
  if (status === 'ready') return;
  moveInstance(w, id, 'ready', { actor: by, now, reason: status === 'starting' ? undefined : 'heard of again' });
  attention.settleAbout(w, id, by);
  if (status !== 'lost') return;
  for (const thread of w.threads.ofInstance(id)) {
    if (thread.status !== 'disconnected' || thread.externalId === undefined) continue;
    moveThread(w, thread.id, 'active', { actor: by, now, reason: 'its editor is there again', evidence: { source: 'protocol' } });
  }
}
