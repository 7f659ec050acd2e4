// rpc over WebSocket: the daemon's door with its token beside a bare server of the same library, a plain client of it on both sides.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Benchmark } from './benchmark.ts';
import { compared } from './rows.ts';
import { timed } from './samples.ts';

const method = 'session.get';
const window = 64;
const calls = 6_400;

interface Caller {
  /** With `window` calls on the way at any time. Answers the last answer. */
  pump(request: (index: number) => string, count: number): Promise<string>;
  close(): void;
}

export const webSocketCalls: Benchmark = {
  name: `rpc.websocket ${method} 1×${window}`,
  priority: 'P0',
  cores: 'apart',
  async open(ground) {
    const [control, rawControl] = [await ground.lines('daemon'), await ground.lines('raw')];
    const { webSocket } = await control.call<{ webSocket: { port: number } }>('daemon.status', {});
    const name = `websocket ${process.pid} ${Date.now()}`;
    const { token } = await control.call<{ token: string }>('auth.createToken', { name, scopes: ['read'] });
    const answer = rawControl.next((line) => line.startsWith('websocket '));
    rawControl.send('websocket');
    const rawPort = Number((await answer).slice('websocket '.length));
    const [daemon, raw] = [await connect(webSocket.port, token), await connect(rawPort)];
    const hello = { jsonrpc: '2.0', id: 'hello', method: 'daemon.hello', params: { protocolVersion: 1 } };
    await daemon.pump(() => JSON.stringify(hello), 1);
    const rest = `,"method":"${method}","params":${JSON.stringify({ id: ground.sessionId })}}`;
    const perCall = (caller: Caller) => ({
      async sample(): Promise<number> {
        let last = '';
        const ms = await timed(async () => {
          last = await caller.pump((index) => `{"jsonrpc":"2.0","id":${index}${rest}`, calls);
        });
        if (!last.includes('"result"')) throw new Error(`unexpected answer: ${last.slice(0, 200)}`);
        return (ms * 1_000) / calls;
      },
    });
    return {
      turns: { ours: perCall(daemon), raw: perCall(raw) },
      rows({ samples: { ours = [], raw: bare = [] }, failures }) {
        const spec = { name: webSocketCalls.name, raw: 'bare ws server: parse, stringify', unit: 'µs', kind: 'speed', failures } as const;
        return [compared({ ...spec, target: { must: 0.7, aim: 0.9 } }, ours, bare)];
      },
      close: async () => void [daemon, raw, control, rawControl].map((client) => client.close()),
    };
  },
};

async function connect(port: number, token?: string): Promise<Caller> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers, perMessageDeflate: false });
  const upgraded = once(socket, 'upgrade') as Promise<[IncomingMessage]>;
  await once(socket, 'open');
  const [{ socket: stream }] = await upgraded;
  return {
    close: () => socket.terminate(),
    pump: (request, count) =>
      new Promise((resolve, reject) => {
        let sent = 0;
        let received = 0;
        let corked = false;
        const send = (): void => {
          if (sent === count) return;
          // Requests of one tick leave in one write, or the client would be what is measured.
          if (!corked) {
            corked = true;
            stream.cork();
            process.nextTick(() => {
              corked = false;
              stream.uncork();
            });
          }
          socket.send(request(sent));
          sent += 1;
        };
        const closed = (): void => reject(new Error('the WebSocket was closed'));
        const take = (text: Buffer): void => {
          received += 1;
          if (received < count) {
            send();
            return;
          }
          socket.off('message', take).off('close', closed);
          resolve(text.toString());
        };
        socket.on('message', take).on('close', closed);
        for (let left = window; left > 0; left -= 1) send();
      }),
  };
}
