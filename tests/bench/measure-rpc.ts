// rpc.roundtrip and event.deliver: the daemon's socket beside a server that only moves lines.
import type { Ground } from './ground.ts';
import type { LineClient } from './line-client.ts';
import { compared, type Row, type Target } from './rows.ts';
import { inTurn, timed } from './samples.ts';

const shapes: readonly { readonly window: number; readonly calls: number; readonly target: Target }[] = [
  { window: 1, calls: 400, target: { must: 0.85, aim: 0.95 } },
  { window: 64, calls: 6_400, target: { must: 0.7, aim: 0.9 } },
];

export async function measureRoundTrips(ground: Ground, rounds: number): Promise<Row[]> {
  const daemon = await ground.lines('daemon');
  const raw = await ground.lines('raw');
  const rows: Row[] = [];
  for (const [method, params] of [
    ['daemon.ping', {}],
    ['session.get', { id: ground.sessionId }],
  ] as const) {
    const rest = `,"method":"${method}","params":${JSON.stringify(params)}}\n`;
    const request = (index: number): string => `{"jsonrpc":"2.0","id":${index}${rest}`;
    // Not JSON, of the same length: the raw server sends it back untouched.
    const echo = (index: number): string => request(index).replace('{', '#');
    for (const { window, calls, target } of shapes) {
      const perCall = (client: LineClient, line: (index: number) => string, expected: string) => async (): Promise<number> => {
        let last = '';
        const ms = await timed(async () => {
          last = await client.pump(line, calls, window);
        });
        if (!last.includes(expected)) throw new Error(`unexpected answer: ${last.slice(0, 200)}`);
        return (ms * 1_000) / calls;
      };
      const { samples, failures } = await inTurn(
        {
          ours: { sample: perCall(daemon, request, '"result"') },
          line: { sample: perCall(raw, request, '"result"') },
          echo: { sample: perCall(raw, echo, method) },
        },
        rounds,
      );
      const name = `rpc.roundtrip ${method} 1×${window}`;
      const common = { name, unit: 'µs', kind: 'speed', failures } as const;
      rows.push(compared({ ...common, raw: 'line server: parse, stringify', target }, samples.ours, samples.line));
      rows.push(compared({ ...common, raw: 'line echo' }, samples.ours, samples.echo));
    }
  }
  return rows;
}

/** From sending a mutation to its event on another connection; raw: one commit, then a line to another connection. */
export async function measureEventDelivery(ground: Ground, rounds: number): Promise<Row[]> {
  const caller = await ground.lines('daemon');
  const subscriber = await ground.lines('daemon');
  const rawCaller = await ground.lines('raw');
  const rawSubscriber = await ground.lines('raw');
  await subscriber.call('event.subscribe', { types: ['auth.*'] });
  const subscribed = rawSubscriber.next((line) => line === 'subscribe');
  rawSubscriber.send('subscribe');
  await subscribed;
  let count = 0;
  const deliver = (from: LineClient, to: LineClient, lineOf: (name: string) => string) => async (): Promise<number> => {
    count += 1;
    const name = `bench-${count}`;
    const line = lineOf(name);
    const delivered = to.next((text) => text.includes(`${name}"`));
    return (
      (await timed(async () => {
        from.send(line);
        await delivered;
      })) * 1_000
    );
  };
  const call = (name: string): string =>
    JSON.stringify({ jsonrpc: '2.0', id: name, method: 'auth.createToken', params: { name, scopes: ['read'] } });
  const { samples, failures } = await inTurn(
    {
      ours: { sample: deliver(caller, subscriber, call) },
      raw: { sample: deliver(rawCaller, rawSubscriber, (name) => `commit ${'x'.repeat(160)} "${name}"`) },
    },
    rounds * 10,
  );
  return [
    compared(
      { name: 'event.deliver (call → commit → event elsewhere)', raw: 'socket + one commit + socket', unit: 'µs', kind: 'time', failures },
      samples.ours,
      samples.raw,
    ),
  ];
}
