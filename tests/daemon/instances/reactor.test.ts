import { expect, test } from 'vitest';
import type { HostEvent } from '../../../daemon/agents/host/protocol.ts';
import type { Hosting } from '../../../daemon/instances/hosting.ts';
import { createInstanceReactor } from '../../../daemon/instances/reactor.ts';
import { createDeadlines } from '../../../daemon/kernel/deadline.ts';
import { idOf } from '../../helpers/open-store.ts';
import { until } from '../../helpers/until.ts';
import { type Setup, setUp } from './setup.ts';

/** A host in memory that does at once what it is told. */
function memoryHosting(setup: Setup) {
  const calls: { method: string; params: Record<string, unknown> }[] = [];
  let events: HostEvent[] = [];
  let since: number | undefined;
  let begunAt: number | undefined;
  let connection: { onEvent: (event: HostEvent) => void; over: () => void } | undefined;
  const host = {
    calls,
    starts: 0,
    callsOf: (method: string) => calls.filter((call) => call.method === method),
    tell(kind: HostEvent['kind'], data: unknown, threadId?: string): void {
      const event = { seq: events.length + 1, at: 0, kind, data, ...(threadId === undefined ? {} : { threadId }) } as HostEvent;
      events = [...events, event];
      connection?.onEvent(event);
    },
    die(): void {
      since = undefined;
      const { over } = connection ?? { over: () => undefined };
      connection = undefined;
      over();
    },
    hosting: {
      runningSince: () => since,
      lastBegunAt: () => begunAt,
      async begin() {
        host.starts += 1;
        since = begunAt = setup.clock.now();
        host.tell('host.started', { pid: host.starts });
      },
      async connect({ lastEventSeq }, onEvent) {
        const closed = new Promise<void>((resolve) => {
          connection = { onEvent, over: resolve };
        });
        for (const event of events) if (event.seq > lastEventSeq) onEvent(event);
        const call = async (method: string, params: unknown) => {
          const { threadId, generation } = params as { threadId: string; generation: number };
          calls.push({ method, params: params as Record<string, unknown> });
          if (method === 'open') {
            const data = { generation, externalId: 'conversation', how: 'new', agentPid: 1, capabilities: {} };
            host.tell('thread.opened', data, threadId);
          }
          return { known: false, lastSeq: events.length, threads: [] } as never;
        };
        return { call, closed, end: () => undefined };
      },
      eventsAfter: (_, seq) => events.filter((event) => event.seq > seq),
      end: async (): Promise<void> => host.die(),
      argvOf: async () => ['agent'],
    } satisfies Hosting,
  };
  return host;
}

async function run() {
  const setup = await setUp();
  const host = memoryHosting(setup);
  const faults: unknown[] = [];
  const note = (fault: unknown) => void faults.push(fault);
  const reactor = createInstanceReactor({
    ...{ ...setup.deps, hostings: { acp: host.hosting, tmux: host.hosting }, deadlines: createDeadlines(setup.clock) },
    log: { error: note, warn: note, debug: note } as never,
    feed: { emit: () => undefined } as never,
    agents: { resolve: (name) => ({ name, protocol: 'acp', command: ['agent'], env: [], permissions: 'ask' }) },
    agentPlaceOf: async () => ({ cwd: '/', env: {} }),
    mcpServersOf: async () => [],
    takeDeliveries: () => undefined,
  });
  await setup.ensure();
  return {
    ...{ setup, host, reactor, faults },
    async [Symbol.asyncDispose]() {
      await reactor.stop();
      setup[Symbol.dispose]();
    },
  };
}

const prompted = (host: ReturnType<typeof memoryHosting>) => host.callsOf('prompt').map(({ params }) => params.promptId);

test('a prompt leaves when its thread is open, one turn at a time', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  const [first, second] = [await setup.enqueue('first'), await setup.enqueue('second')];
  await until('the first prompt', () => host.callsOf('prompt').length > 0);
  host.tell('turn.started', { promptId: first.id }, setup.thread.id);
  await until('its turn', () => setup.thread.turn === 'running');
  await ran.reactor.idle();
  expect(new Set(prompted(host))).toEqual(new Set([first.id]));
  host.tell('turn.finished', { promptId: first.id, stopReason: 'end_turn', cancelled: false }, setup.thread.id);
  await until('the second prompt', () => prompted(host).includes(second.id));
  expect(setup.prompts().map(({ status }) => status)).toEqual(['accepted', 'submitted']);
});

test('a work session that is paused gets no prompt until it goes on', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  await setup.store.write((w) => w.workSessions.change(idOf('wks', 1), { status: 'blocked', blockedReason: 'paused', stage: null }));
  await setup.enqueue();
  await until('the thread', () => setup.thread.status === 'active');
  await ran.reactor.idle();
  expect(prompted(host)).toEqual([]);
  await setup.store.write((w) => w.workSessions.change(idOf('wks', 1), { status: 'active', blockedReason: null, stage: 'running' }));
  await setup.enqueue('go on');
  await until('the prompt', () => prompted(host).length > 0);
});

test('a host that ends is started again after 15, 30 and 60 s, and then given up', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  await until('the thread', () => setup.thread.status === 'active');
  for (const delayMs of [15_000, 30_000, 60_000]) {
    const starts = host.starts;
    host.die();
    await until('its end to be seen', () => setup.instance.status === 'starting' && setup.instance.restartAt !== undefined);
    await setup.clock.advanceAsync(delayMs - 1);
    await ran.reactor.idle();
    expect(host.starts).toBe(starts);
    await setup.clock.advanceAsync(1);
    await until('the thread to be opened again', () => setup.thread.status === 'active');
    expect(host.starts).toBe(starts + 1);
  }
  host.die();
  await until('the end', () => setup.instance.status === 'failed');
  expect(setup.thread.status).toBe('failed');
  expect(setup.events('attention.raised').map(({ kind }) => kind)).toEqual(['instance_lost']);
});

test('silence in a turn is unknown after 90 s, shown to a human after 180 s, and ended after 15 min', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  const { id: promptId } = await setup.enqueue();
  await until('the prompt', () => host.callsOf('prompt').length > 0);
  host.tell('turn.started', { promptId }, setup.thread.id);
  await until('its turn', () => setup.thread.turn === 'running');
  await ran.reactor.idle();
  await setup.clock.advanceAsync(89_000);
  expect(setup.thread.agentState?.state).toBe('working');
  await setup.clock.advanceAsync(2_000);
  await until('unknown', () => setup.thread.agentState?.state === 'unknown');
  await ran.reactor.idle();
  await setup.clock.advanceAsync(90_000);
  await until('attention', () => setup.events('attention.raised').length > 0);
  expect(host.callsOf('cancel')).toEqual([]);
  await ran.reactor.idle();
  await setup.clock.advanceAsync(720_000);
  await until('the cancel', () => host.callsOf('cancel').length > 0);
  expect(new Set(prompted(host))).toEqual(new Set([promptId]));
});

test('a usage limit is slept through, and the agent goes on once', async () => {
  await using ran = await run();
  const { setup, host } = ran;
  const { id: promptId } = await setup.enqueue();
  await until('the prompt', () => host.callsOf('prompt').length > 0);
  host.tell('turn.started', { promptId }, setup.thread.id);
  const wakeAt = setup.clock.now() + 3_600_000;
  host.tell('turn.failed', { promptId, code: 'rate_limited', message: 'limit', wakeAt }, setup.thread.id);
  await until('the limit', () => setup.thread.agentState?.state === 'rate_limited');
  await ran.reactor.idle();
  await setup.clock.advanceAsync(3_590_000);
  await ran.reactor.idle();
  expect(new Set(prompted(host))).toEqual(new Set([promptId]));
  await setup.clock.advanceAsync(10_000);
  await until('it to go on', () => new Set(prompted(host)).size === 2);
});
