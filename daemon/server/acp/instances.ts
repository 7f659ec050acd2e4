// An editor as the instance of a spec task: it says that it is there, again and again for as long as it shows one of its work sessions.

import { heartbeat } from '../../instances/machine.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { DaemonClient } from './daemon-client.ts';

export interface EditorInstances {
  /** Of a spec task with the adapter "zed"; once is enough. */
  serve(specTaskId: string): Promise<void>;
  leave(specTaskId: string): void;
  end(): void;
}

export interface EditorInstancesDeps {
  readonly api: DaemonClient['api'];
  readonly clock: Clock;
  readonly log: Log;
  /** How the editor calls itself. */
  readonly editor: () => { readonly name: string; readonly version: string };
}

export function createEditorInstances({ api, clock, log, editor }: EditorInstancesDeps): EditorInstances {
  const served = new Set<string>();
  let stopBeating: (() => void) | undefined;
  /** By its spec task: a shut down instance is followed by another one. */
  const beat = async (specTask: string): Promise<void> => {
    const { instances } = await api.instance.list({ specTask, limit: 1 });
    const [live] = instances;
    if (live?.capabilities.agents === 'daemon') await api.instance.heartbeat({ id: live.id });
    else if (live) await register(live.id);
  };
  const register = async (id: string): Promise<void> => {
    await api.instance.reportEvent({ id, type: 'instance_ready', data: { capabilities: { agents: 'daemon', editor: editor() } } });
  };
  const tick = (): void => {
    if (served.size === 0) {
      stopBeating = undefined;
      return;
    }
    stopBeating = clock.after(heartbeat.everyMs, () => {
      for (const specTaskId of served)
        beat(specTaskId).catch((error: unknown) => log.debug({ err: error, specTaskId }, 'an editor could not say that it is there'));
      tick();
    });
  };
  return {
    async serve(specTaskId) {
      if (served.has(specTaskId)) return;
      const task = await api.specTask.get({ id: specTaskId });
      if (task.adapter !== 'zed' || !implemented.includes(task.status)) return;
      await register((await api.instance.ensure({ specTask: specTaskId })).id);
      served.add(specTaskId);
      if (stopBeating === undefined) tick();
    },
    leave: (specTaskId) => void served.delete(specTaskId),
    end() {
      served.clear();
      stopBeating?.();
    },
  };
}

/** While there is something to serve. */
const implemented: readonly string[] = ['queued_implementation', 'implementation', 'implementation_review'];
