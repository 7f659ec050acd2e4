// What drives the agents of one instance. Both ways speak as an agent host does: orders in, numbered events out.
import type { HostClient } from '../agents/host-client.ts';
import type { HostEvent } from '../agents/host/protocol.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { InstanceRecord, ThreadRecord } from '../store/tables/instances.ts';

export interface Launch {
  readonly argv: string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
}

export interface Adapter {
  /** `absent`: it was never started. */
  presence(r: Reader, instance: InstanceRecord): 'absent' | 'running' | 'ended';
  /** When what runs was started. */
  startedAt(r: Reader, instance: InstanceRecord): number | undefined;
  /** Starts the host; `also` is written in the transaction that says so. */
  begin(instance: InstanceRecord, also: (w: Writer) => void): Promise<void>;
  /** Rejects while no host answers. */
  connect(instance: InstanceRecord, onEvent: (event: HostEvent) => void): Promise<HostClient>;
  /** What is written down after `since`, whether the host lives or not. */
  eventsSince(instance: InstanceRecord, since: number): readonly HostEvent[];
  /** Asks the host to end; one that has ended is fine. */
  end(instance: InstanceRecord): Promise<void>;
  /** The program of a thread. undefined: its session is not ready for it yet. */
  launchOf(thread: ThreadRecord): Promise<Launch | undefined>;
}
