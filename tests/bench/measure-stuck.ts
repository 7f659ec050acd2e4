// One subscriber that never reads: what it costs the others, and the memory of the daemon.
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { rssMiB } from '../helpers/processes.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import type { Benchmark, Probe } from './benchmark.ts';
import { quietConfig } from './ground.ts';
import { connectLines, type LineClient } from './line-client.ts';
import { makeTokens } from './measure-fanout.ts';
import { bounded, compared } from './rows.ts';
import { timed } from './samples.ts';

const window = 64;
/** Of a sample: so many that what the opening of the stuck one left to be collected is little of it. */
const events = 5_000;
let count = 0;

function nextName(): string {
  count += 1;
  return `stuck^${process.pid}-${count}`;
}

/** Makes events until another subscriber has the last of them. */
async function flow(caller: LineClient, reader: LineClient, howMany: number): Promise<void> {
  const last = `stuck^${process.pid}-${count + howMany}"`;
  const arrived = reader.next((line) => line.includes(last));
  await makeTokens(caller, howMany, nextName, window);
  await arrived;
}

/** Wants the log from its beginning, so that all that may wait for it does: an answer a turn of the daemon's loop, and a page each. */
async function openStuck(socketPath: string, caller: LineClient): Promise<Socket> {
  const { cursor } = await caller.call<{ cursor: string }>('daemon.hello', { protocolVersion: 1 });
  const socket = createConnection(socketPath);
  await once(socket, 'connect');
  socket.pause();
  const params = { after: cursor.replace(/:.*/, ':0') };
  socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'event.subscribe', params })}\n`);
  for (let left = 400; left > 0; left -= 1) await caller.call('daemon.ping', {});
  if (socket.destroyed) throw new Error('the subscriber that is to be stuck was closed');
  return socket;
}

async function closeStuck(socket: Socket): Promise<void> {
  const gone = once(socket, 'close');
  socket.destroy();
  await gone;
}

export const stuckRate: Benchmark = {
  name: 'event.rate beside a stuck subscriber',
  priority: 'P0',
  takesMinutes: true,
  cores: 'apart',
  async open(ground) {
    const [caller, reader] = [await ground.lines('daemon'), await ground.lines('daemon')];
    await reader.call('event.subscribe', { types: ['auth.*'] });
    const perEvent = async (): Promise<number> => ((await timed(() => flow(caller, reader, events))) * 1_000) / events;
    let stuck: Socket | undefined;
    return {
      turns: {
        ours: {
          async sample(): Promise<number> {
            stuck = await openStuck(ground.daemon.socketPath, caller);
            return perEvent();
          },
          undo: async () => stuck && closeStuck(stuck),
        },
        raw: { sample: perEvent },
      },
      rows({ samples: { ours = [], raw = [] }, failures }) {
        const spec = { name: stuckRate.name, raw: 'the same without it', unit: 'µs', kind: 'speed', failures } as const;
        return [compared({ ...spec, target: { must: 0.9, aim: 0.98 } }, ours, raw)];
      },
      close: async () => void [caller, reader].map((client) => client.close()),
    };
  },
};

const rounds = 3;
const flowed = 10_000;
/** More than the daemon keeps of its database in memory, so that it grows no more by what it writes. */
const warmUp = 60_000;

/** A flow without the stuck one and a flow with it take turns: the first tells what the daemon grows by anyhow. */
export const stuckMemory: Probe = {
  name: 'memory beside a stuck subscriber',
  priority: 'P0',
  takesMinutes: true,
  async measure() {
    await using daemon = await startRealDaemon({ config: quietConfig });
    const { socketPath } = daemon.home;
    const [caller, reader] = [await connectLines(socketPath), await connectLines(socketPath)];
    await reader.call('event.subscribe', { types: ['auth.*'] });
    for (let done = 0; done < warmUp; done += flowed) await flow(caller, reader, flowed);
    const grown = async (): Promise<number> => {
      const before = rssMiB(daemon.pid);
      await flow(caller, reader, flowed);
      return rssMiB(daemon.pid) - before;
    };
    const [without, beside]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      without.push(await grown());
      const before = rssMiB(daemon.pid);
      const stuck = await openStuck(socketPath, caller);
      await flow(caller, reader, flowed);
      beside.push(rssMiB(daemon.pid) - before);
      await closeStuck(stuck);
    }
    for (const client of [caller, reader]) client.close();
    const common = { unit: 'MiB', failures: 0 } as const;
    return [
      bounded({ ...common, name: `daemon RSS, growth by a stuck subscriber and ${flowed} events`, target: { must: 16, aim: 4 } }, beside),
      bounded({ ...common, name: `daemon RSS, growth by ${flowed} events` }, without),
    ];
  },
};
