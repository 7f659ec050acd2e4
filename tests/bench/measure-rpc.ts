// rpc.roundtrip and event.deliver: the daemon's socket beside a server that only moves lines.
import type { Benchmark } from './benchmark.ts';
import type { Ground } from './ground.ts';
import type { LineClient } from './line-client.ts';
import { compared, type Target } from './rows.ts';
import { timed } from './samples.ts';

const shapes: readonly { readonly window: number; readonly calls: number; readonly target: Target }[] = [
  { window: 1, calls: 400, target: { must: 0.85, aim: 0.95 } },
  { window: 64, calls: 6_400, target: { must: 0.7, aim: 0.9 } },
];
const calls: readonly { readonly method: string; readonly paramsOf: (ground: Ground) => object }[] = [
  { method: 'daemon.ping', paramsOf: () => ({}) },
  { method: 'session.get', paramsOf: ({ sessionId }) => ({ id: sessionId }) },
];

export const roundTrips: readonly Benchmark[] = calls.flatMap((call) => shapes.map((shape) => roundTrip(call, shape)));

function roundTrip({ method, paramsOf }: (typeof calls)[number], { window, calls: count, target }: (typeof shapes)[number]): Benchmark {
  const name = `rpc.roundtrip ${method} 1×${window}`;
  return {
    name,
    priority: 'P0',
    apart: true,
    async open(ground) {
      const [daemon, raw] = [await ground.lines('daemon'), await ground.lines('raw')];
      const rest = `,"method":"${method}","params":${JSON.stringify(paramsOf(ground))}}\n`;
      const request = (index: number): string => `{"jsonrpc":"2.0","id":${index}${rest}`;
      // Not JSON, of the same length: the raw server sends it back untouched.
      const echo = (index: number): string => request(index).replace('{', '#');
      const perCall = (client: LineClient, line: (index: number) => string, expected: string) => ({
        async sample(): Promise<number> {
          let last = '';
          const ms = await timed(async () => {
            last = await client.pump(line, count, window);
          });
          if (!last.includes(expected)) throw new Error(`unexpected answer: ${last.slice(0, 200)}`);
          return (ms * 1_000) / count;
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
            compared({ ...common, raw: 'line server: parse, stringify', target }, ours, line),
            compared({ ...common, raw: 'line echo' }, ours, echoed),
          ];
        },
        close: async () => void [daemon, raw].map((client) => client.close()),
      };
    },
  };
}

/** From sending a mutation to its event on another connection; raw: one commit, then a line to another connection. */
export const eventDeliver: Benchmark = {
  name: 'event.deliver',
  priority: 'P0',
  apart: true,
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
