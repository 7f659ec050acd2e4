// One burst of events to many subscribers, each on a connection of its own: what one delivery costs.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { timed } from './samples.ts';
import type { AxisSpec, Sized } from './scale-axis.ts';

const burst = 64;
const burstMs = 20_000;

interface Subscriber {
  /** Resolves when so many more events came. */
  wait(events: number): Promise<void>;
}

export const bySubscribers: AxisSpec = {
  name: 'subscribers',
  sizes: [1, 100, 1_000],
  costs: [
    { name: `a delivery, of a burst of ${burst} events, until all have all`, unit: 'µs', turnOf: (sized) => bursts(sized, 'wall') },
    { name: 'the same in processor time of the daemon', unit: 'µs', turnOf: (sized) => bursts(sized, 'cpu') },
    {
      name: 'daemon.ping, with all of them connected',
      unit: 'µs',
      turnOf: ({ client }) => ({ sample: async () => (await timed(() => client.call('daemon.ping', {}))) * 1_000 }),
    },
  ],
};

let count = 0;
const known = new Map<number, Promise<Subscriber[]>>();

async function bursts(sized: Sized, what: 'wall' | 'cpu') {
  const { size, client, pid } = sized;
  const opened = known.get(pid) ?? subscribeAll(sized.home.socketPath, size);
  known.set(pid, opened);
  const subscribers = await opened;
  const oneBurst = async (): Promise<void> => {
    const arrived = Promise.all(subscribers.map(({ wait }) => wait(burst)));
    count += 1;
    const calls = Array.from({ length: burst }, (_, index) =>
      client.call('auth.createToken', { name: `burst ${count} ${index}`, scopes: ['read'] }),
    );
    await Promise.all([...calls, arrived]);
  };
  return {
    async sample(): Promise<number> {
      const before = cpuMs(pid);
      const wall = await timed(oneBurst);
      return ((what === 'wall' ? wall : cpuMs(pid) - before) * 1_000) / (burst * size);
    },
  };
}

/** One after the other: the kernel refuses a thousand that knock at once. */
async function subscribeAll(socketPath: string, count: number): Promise<Subscriber[]> {
  const subscribers: Subscriber[] = [];
  while (subscribers.length < count) subscribers.push(await subscribe(socketPath));
  return subscribers;
}

async function subscribe(socketPath: string): Promise<Subscriber> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  let seen = 0;
  let wanted: { readonly at: number; resolve(): void } | undefined;
  countEvents(socket, (more) => {
    seen += more;
    if (wanted !== undefined && seen >= wanted.at) wanted.resolve();
  });
  const answered = once(socket, 'data');
  const params = { types: ['auth.tokenCreated'] };
  socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'event.subscribe', params })}\n`);
  const [answer] = (await answered) as [Buffer];
  if (!answer.includes('subscriptionId')) throw new Error(`a subscriber was refused: ${answer.toString().slice(0, 200)}`);
  return {
    wait: (events) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(reject, burstMs, new Error(`events did not come within ${burstMs / 1_000} s`));
        wanted = {
          at: seen + events,
          resolve() {
            clearTimeout(timer);
            wanted = undefined;
            resolve();
          },
        };
      }),
  };
}

/** Without parsing: a thousand subscribers must not cost more here than in the daemon. */
function countEvents(socket: Socket, add: (events: number) => void): void {
  const mark = Buffer.from('"seq":');
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let found = 0;
    let end = 0;
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, end)) {
      found += 1;
      end = at + mark.length;
    }
    rest = text.subarray(Math.max(end, text.length - mark.length + 1));
    if (found > 0) add(found);
  });
}

/** What all threads of a process have run, by the scheduler: its ticks of 10 ms are too long for a burst. */
function cpuMs(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1_000_000;
}
