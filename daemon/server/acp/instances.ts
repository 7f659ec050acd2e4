// An editor as the instance of spec tasks with the adapter "zed": it says that it is there, for as long as the connection lasts.
import type { Instance } from '../../../schemas/instance.ts';
import { limits } from '../../../schemas/limits.ts';
import { heartbeat } from '../../instances/machine.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { DaemonClient } from './daemon-client.ts';

export interface EditorInstances {
  /** Serves the spec tasks of a project, those that come later too. Once is enough. */
  serve(projectId: string): Promise<void>;
  end(): void;
}

export interface EditorInstancesDeps {
  readonly daemon: DaemonClient;
  readonly clock: Clock;
  readonly log: Log;
  /** How the editor calls itself. */
  readonly editor: () => { readonly name: string; readonly version: string };
}

export function createEditorInstances({ daemon, clock, log, editor }: EditorInstancesDeps): EditorInstances {
  const { api } = daemon;
  const served = new Map<string, () => void>();
  let stopBeating: () => void = () => undefined;
  let isOver = false;

  /** One that another program serves, with agents of its own, is left to that. */
  const beat = async ({ id, capabilities, lastHeartbeatAt }: Instance): Promise<void> => {
    if (capabilities.agents === 'daemon') await api.instance.heartbeat({ id });
    else if (lastHeartbeatAt === undefined)
      await api.instance.reportEvent({ id, type: 'instance_ready', data: { capabilities: { agents: 'daemon', editor: editor() } } });
  };
  const beatAll = async (): Promise<void> => {
    if (isOver) return;
    const { instances } = await api.instance.list({ limit: limits.pageRows });
    const ours = instances.filter(({ adapter, projectId, status }) => adapter === 'zed' && status !== 'stopping' && served.has(projectId));
    for (const one of ours) await beat(one);
  };
  const look = (): void => {
    beatAll().catch((error: unknown) => {
      // One that ended in this moment is not served any more; a connection that is over serves nobody.
      if (!isOver) log.debug({ err: error }, 'an editor could not say that it is there');
    });
  };
  const tick = (): void => {
    stopBeating = clock.after(heartbeat.everyMs, () => {
      look();
      tick();
    });
  };
  return {
    async serve(projectId) {
      if (served.has(projectId) || isOver) return;
      served.set(projectId, () => undefined);
      if (served.size === 1) tick();
      const heard = ({ type }: { readonly type: string }): void => {
        if (type === 'instance.statusChanged') look();
      };
      served.set(projectId, await daemon.follow({ projectId }, heard));
      look();
    },
    end() {
      isOver = true;
      stopBeating();
      for (const unfollow of served.values()) unfollow();
      served.clear();
    },
  };
}
