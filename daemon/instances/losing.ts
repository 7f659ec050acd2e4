// A host that has ended: its threads wait for the next one, as long as the restarts in a row last.
import type { Writer } from '../store/store.ts';
import type { InstanceRecord } from '../store/tables/instances.ts';
import type { ApplyDeps } from './host-events.ts';
import { hasEnded } from './machine.ts';
import { moveInstance, moveThread, setAgentState } from './transition.ts';

export function loseHost(w: Writer, instanceId: string, why: string, now: number): void {
  for (const { id, status } of w.threads.ofInstance(instanceId)) {
    if (hasEnded(status)) continue;
    moveThread(w, id, { to: 'disconnected', reason: why }, now);
    // The end of the host is counted once, not for each agent that it took along.
    setAgentState(w, id, { state: 'unknown', source: 'process', detail: why }, now);
  }
  moveInstance(w, instanceId, { to: 'lost', reason: why }, now);
}

/** `delaysMs`: the wait before each start in a row; after the last one its threads have failed. */
export function restartOrGiveUp(
  { clock, threads, attention }: Pick<ApplyDeps, 'clock' | 'threads' | 'attention'>,
  w: Writer,
  instanceId: string,
  delaysMs: readonly number[],
): void {
  const now = clock.now();
  const { restartCount, lastError = '', projectId, specTaskId } = w.instances.get(instanceId) as InstanceRecord;
  const delayMs = delaysMs[restartCount];
  if (delayMs !== undefined) {
    moveInstance(w, instanceId, { to: 'starting', change: { restartCount: restartCount + 1, restartAt: now + delayMs } }, now);
    return;
  }
  const why = `its agent host ended ${delaysMs.length + 1} times in a row: ${lastError}`;
  for (const { id } of w.threads.ofInstance(instanceId)) threads.close(w, id, 'failed', why);
  moveInstance(w, instanceId, { to: 'failed', reason: why }, now);
  attention.raise(w, {
    ...{ kind: 'instance_lost', refId: instanceId, title: 'The agent host of a spec task can not be kept running', detail: why },
    ...{ remedy: `coppice task retry ${specTaskId}`, projectId, specTaskId },
  });
}
