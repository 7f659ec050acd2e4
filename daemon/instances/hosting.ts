// Where the agents of an instance live. Either kind takes the orders of an agent host and tells its numbered events.
import type { HostEvent } from '../agents/host/protocol.ts';
import type { HostClient } from '../agents/host-client.ts';
import type { ResolvedAgent } from '../models/registry.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';

export interface Hosting {
  /** Since when its host runs; undefined: it does not. */
  runningSince(instance: InstanceRecord): number | undefined;
  begin(instance: InstanceRecord): Promise<void>;
  /** Rejects while no host answers. */
  connect(instance: InstanceRecord, onEvent: (event: HostEvent) => void): Promise<HostClient>;
  /** What the host wrote down after `seq`, whether it lives or not. */
  eventsAfter(instance: InstanceRecord, seq: number): readonly HostEvent[];
  /** Asks it to end; one that has ended is fine. */
  end(instance: InstanceRecord, why: string): Promise<void>;
  /** What starts an agent in `cwd`, beginning with a program. */
  argvOf(thread: ThreadRecord, agent: ResolvedAgent, cwd: string): Promise<readonly string[]>;
}
