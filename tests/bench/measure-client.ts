// The client library as users have it, one typed call after the other, beside lines that are written and read by hand.
import { connect } from '../../client/index.ts';
import type { Benchmark } from './benchmark.ts';
import { compared } from './rows.ts';
import { timed } from './samples.ts';

const calls = 400;

export const libraryCalls: Benchmark = {
  name: 'client.call session.get 1×1',
  priority: 'P0',
  cores: 'apart',
  async open({ sessionId, daemon, lines }) {
    const client = await connect({ socketPath: daemon.socketPath, env: daemon.env, clientName: 'bench' });
    const byHand = await lines('daemon');
    const params = JSON.stringify({ id: sessionId });
    let lastId = 0;
    const callByHand = async (): Promise<string> => {
      lastId += 1;
      const line = `{"jsonrpc":"2.0","id":${lastId},"method":"session.get","params":${params}}\n`;
      const { id, result } = JSON.parse(await byHand.pump(() => line, 1, 1)) as { id: number; result: { id: string } };
      if (id !== lastId) throw new Error(`the answer to call ${lastId} has the id ${id}`);
      return result.id;
    };
    const each = (call: () => Promise<string>) => ({
      async sample(): Promise<number> {
        const ms = await timed(async () => {
          for (let left = calls; left > 0; left -= 1) if ((await call()) !== sessionId) throw new Error('another session was answered');
        });
        return (ms * 1_000) / calls;
      },
    });
    return {
      turns: { ours: each(async () => (await client.session.get({ id: sessionId })).id), raw: each(callByHand) },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const spec = { name: libraryCalls.name, raw: 'hand-written line client', unit: 'µs', kind: 'speed', failures } as const;
        return [compared({ ...spec, target: { must: 0.75, aim: 0.9 } }, ours, raw)];
      },
      async close() {
        await client.close();
        byHand.close();
      },
    };
  },
};
