// Hosts in memory, one an instance, which obey and tell as agent hosts do, and a reactor over them.
import type { HostEvent } from '../../../daemon/agents/host/protocol.ts';
import type { Hosting } from '../../../daemon/instances/hosting.ts';
import { createInstanceReactor, type InstanceReactor } from '../../../daemon/instances/reactor.ts';
import { createDeadlines } from '../../../daemon/kernel/deadline.ts';
import { until } from '../../helpers/until.ts';
import { type Setup, setUp } from './setup.ts';

interface Order {
  readonly method: string;
  readonly params: { readonly threadId: string; readonly generation: number; readonly promptId: string; readonly externalId?: string };
}

export interface Behaviour {
  /** Its host ends before it answers. */
  readonly endsAtStart?: boolean;
  /** No conversation is known to a later process. */
  readonly forgets?: boolean;
}

export class Host {
  readonly orders: Order[] = [];
  readonly open = new Set<string>();
  readonly events: HostEvent[] = [];
  starts = 0;
  since: number | undefined;
  begunAt: number | undefined;
  connection: { readonly onEvent: (event: HostEvent) => void; readonly over: () => void } | undefined;

  tell(kind: HostEvent['kind'], data: unknown, threadId?: string): void {
    const event = { seq: this.events.length + 1, at: 0, kind, data, ...(threadId === undefined ? {} : { threadId }) } as HostEvent;
    this.events.push(event);
    this.connection?.onEvent(event);
  }
  methods(): string[] {
    return this.orders.map(({ method }) => method);
  }
  prompted(): string[] {
    return [...new Set(this.orders.flatMap(({ method, params }) => (method === 'prompt' ? params.promptId : [])))];
  }
  /** Ends its agents first, as one does that is asked to. */
  end(): void {
    for (const threadId of this.open) this.tell('thread.exited', { exitCode: 0, signal: null }, threadId);
    this.open.clear();
    this.since = undefined;
    const { connection } = this;
    this.connection = undefined;
    connection?.over();
  }
  obey({ forgets = false }: Behaviour, method: string, params: Order['params']): void {
    const { threadId, generation } = params;
    this.orders.push({ method, params });
    if (method === 'close' && this.open.delete(threadId)) this.tell('thread.exited', { exitCode: 0, signal: null }, threadId);
    if (method === 'shutdown') this.end();
    if (method !== 'open' || this.open.has(threadId)) return;
    if (forgets && params.externalId !== undefined) {
      this.tell('thread.openFailed', { generation, code: 'gone', message: 'no such conversation' }, threadId);
      return;
    }
    this.open.add(threadId);
    const data = { generation, externalId: `of ${threadId}`, how: 'new', agentPid: 1, capabilities: {} };
    this.tell('thread.opened', data, threadId);
  }
}

export interface Ran extends AsyncDisposable {
  readonly setup: Setup;
  readonly reactor: InstanceReactor;
  /** What the reactor could not do. */
  readonly faults: unknown[];
  /** Of the newest instance. */
  readonly host: Host;
  hostOf(instanceId: string): Host;
  /** A turn that has begun; answers its prompt. */
  turn(): Promise<string>;
}

export async function run(behaviour: Behaviour = {}): Promise<Ran> {
  const setup = await setUp();
  const hosts = new Map<string, Host>();
  const hostOf = (id: string): Host => {
    const host = hosts.get(id) ?? new Host();
    hosts.set(id, host);
    return host;
  };
  const hosting: Hosting = {
    runningSince: ({ id }) => hostOf(id).since,
    lastBegunAt: ({ id }) => hostOf(id).begunAt,
    async begin({ id }) {
      await new Promise(setImmediate);
      const host = hostOf(id);
      host.starts += 1;
      host.begunAt = setup.clock.now();
      if (behaviour.endsAtStart) return;
      host.since = host.begunAt;
      host.tell('host.started', { pid: host.starts });
    },
    async connect({ id, lastEventSeq }, onEvent) {
      const host = hostOf(id);
      const closed = new Promise<void>((resolve) => {
        host.connection = { onEvent, over: resolve };
      });
      for (const event of host.events) if (event.seq > lastEventSeq) onEvent(event);
      const call = async (method: string, params: unknown) => {
        host.obey(behaviour, method, params as Order['params']);
        return { known: false, lastSeq: 0, threads: [] } as never;
      };
      return { call, closed, end: () => undefined };
    },
    eventsAfter: ({ id }, seq) => hostOf(id).events.filter((event) => event.seq > seq),
    end: async ({ id }) => hostOf(id).end(),
    argvOf: async () => ['agent'],
  };
  const faults: unknown[] = [];
  const note = (fault: unknown) => void faults.push(fault);
  const reactor = createInstanceReactor({
    ...{ ...setup.deps, hostings: { acp: hosting, tmux: hosting }, deadlines: createDeadlines(setup.clock) },
    log: { error: note, warn: note, debug: note } as never,
    feed: { emit: () => undefined } as never,
    agents: { resolve: (name) => ({ name, protocol: 'acp', command: ['agent'], env: [], permissions: 'ask' }) },
    agentPlaceOf: async () => ({ cwd: '/', env: {} }),
    mcpServersOf: async () => [],
    takeDeliveries: () => undefined,
  });
  await setup.ensure();
  const ran: Ran = {
    ...{ setup, reactor, faults, hostOf },
    get host() {
      return hostOf(setup.instance.id);
    },
    async turn() {
      await until('the thread', () => setup.thread.status === 'active');
      const { id } = await setup.enqueue();
      await until('the prompt', () => ran.host.prompted().includes(id));
      ran.host.tell('turn.started', { promptId: id }, setup.thread.id);
      await until('its turn', () => setup.thread.turn === 'running');
      await reactor.idle();
      return id;
    },
    async [Symbol.asyncDispose]() {
      await reactor.stop();
      setup[Symbol.dispose]();
    },
  };
  return ran;
}
