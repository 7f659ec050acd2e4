// rpc.roundtrip and event.deliver: the daemon's socket beside a server that only moves lines.
import type { Benchmark } from './benchmark.ts';
import type { Ground } from './ground.ts';
import type { LineClient } from './line-client.ts';
import { compared, type Target } from './rows.ts';
import { timed } from './samples.ts';

interface Shape {
  readonly clients: number;
  /** Calls that each of them has on the way. */
  readonly window: number;
  /** Of one client, in a sample. */
  readonly calls: number;
  readonly target: Target;
}

const shapes: readonly Shape[] = [
  { clients: 1, window: 1, calls: 400, target: { must: 0.85, aim: 0.95 } },
  { clients: 1, window: 64, calls: 6_400, target: { must: 0.7, aim: 0.9 } },
  { clients: 16, window: 1, calls: 200, target: { must: 0.7, aim: 0.9 } },
  { clients: 64, window: 1, calls: 100, target: { must: 0.7, aim: 0.9 } },
];
/** Of each side before the first round: a daemon lives for days, and its code is compiled by then. */
const warmingCalls = 10_000;

interface Read {
  readonly method: string;
  readonly paramsOf: (ground: Ground) => object;
}

const reads: readonly Read[] = [
  { method: 'daemon.ping', paramsOf: () => ({}) },
  { method: 'session.get', paramsOf: ({ sessionId }) => ({ id: sessionId }) },
];

export const roundTrips: readonly Benchmark[] = reads.flatMap((read) => shapes.map((shape) => roundTrip(read, shape)));

function roundTrip({ method, paramsOf }: Read, { clients, window, calls, target }: Shape): Benchmark {
  const shape = `${clients}×${window}`;
  const name = `rpc.roundtrip ${method} ${shape}`;
  // The answer of session.get is kept as JSON.
  const own = method === 'session.get' && shape === '1×64' ? { ...target, aim: 1.3 } : target;
  return {
    name,
    priority: 'P0',
    cores: 'apart',
    async open(ground) {
      const connect = (to: 'daemon' | 'raw') => Promise.all(Array.from({ length: clients }, () => ground.lines(to)));
      const [daemon, raw] = [await connect('daemon'), await connect('raw')];
      const rest = `,"method":"${method}","params":${JSON.stringify(paramsOf(ground))}}\n`;
      const request = (index: number): string => `{"jsonrpc":"2.0","id":${index}${rest}`;
      // Not JSON, of the same length: the raw server sends it back untouched.
      const echo = (index: number): string => request(index).replace('{', '#');
      for (const [client] of [daemon, raw]) await client?.pump(request, warmingCalls, 64);
      const perCall = (among: readonly LineClient[], line: (index: number) => string, expected: string) => ({
        async sample(): Promise<number> {
          let last: string[] = [];
          const ms = await timed(async () => {
            last = await Promise.all(among.map((client) => client.pump(line, calls, window)));
          });
          const wrong = last.find((answer) => !answer.includes(expected));
          if (wrong !== undefined) throw new Error(`unexpected answer: ${wrong.slice(0, 200)}`);
          return (ms * 1_000) / (calls * clients);
        },
      });
      return {
        turns: {
          ours: perCall(daemon, request, '"result"'),
          line: perCall(raw, request, '"result"'),
          echo: perCall(raw, echo, method),
        },
        rows({ samples: { ours = [], line = [], echo: echoed = [] }, failures }) {
          const common = { name, unit: 'µs', kind: 'speed', failures } as const;
          return [
            compared({ ...common, raw: 'line server: parse, stringify', target: own }, ours, line),
            compared({ ...common, raw: 'line echo' }, ours, echoed),
          ];
        },
        close: async () => void [...daemon, ...raw].map((client) => client.close()),
      };
    },
  };
}

/** From sending a mutation to its event on another connection; raw: one commit, then a line to another connection. */
export const eventDeliver: Benchmark = {
  name: 'event.deliver',
  priority: 'P0',
  cores: 'apart',
  roundsTimes: 10,
  async open(ground) {
    const [caller, subscriber] = [await ground.lines('daemon'), await ground.lines('daemon')];
    const [rawCaller, rawSubscriber] = [await ground.lines('raw'), await ground.lines('raw')];
    await subscriber.call('event.subscribe', { types: ['auth.*'] });
    const subscribed = rawSubscriber.next((line) => line === 'subscribe');
    rawSubscriber.send('subscribe');
    await subscribed;
    let count = 0;
    const deliver = (from: LineClient, to: LineClient, lineOf: (name: string) => string) => ({
      async sample(): Promise<number> {
        count += 1;
        const name = `bench-${count}`;
        const line = lineOf(name);
        const delivered = to.next((text) => text.includes(`${name}"`));
        const ms = await timed(async () => {
          from.send(line);
          await delivered;
        });
        return ms * 1_000;
      },
    });
    const call = (name: string): string =>
      JSON.stringify({ jsonrpc: '2.0', id: name, method: 'auth.createToken', params: { name, scopes: ['read'] } });
    return {
      turns: {
        ours: deliver(caller, subscriber, call),
        raw: deliver(rawCaller, rawSubscriber, (name) => `commit ${'x'.repeat(160)} "${name}"`),
      },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const name = 'event.deliver (call → commit → event elsewhere)';
        return [compared({ name, raw: 'socket + one commit + socket', unit: 'µs', kind: 'time', failures }, ours, raw)];
      },
      close: async () => void [caller, subscriber, rawCaller, rawSubscriber].map((client) => client.close()),
    };
  },
};
