// Events to a hundred subscribers in bursts: from the calls that cause them until the last subscriber has the last of them. Beside a server
// that commits, serialises and writes each event for each subscriber, and is spared the calls.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Benchmark } from './benchmark.ts';
import type { LineClient } from './line-client.ts';
import { compared } from './rows.ts';
import { timed } from './samples.ts';

const subscribers = 100;
/** A connection may have 256 calls on the way: together all of a burst. */
const callers = 4;
const window = 250;
const events = callers * window;
/** Names are taken for good, also by a run before this one. */
let named = 0;

export const eventFanout: Benchmark = {
  name: `event.fanout to ${subscribers}`,
  priority: 'P0',
  async open(ground) {
    const among = await Promise.all(Array.from({ length: callers }, () => ground.lines('daemon')));
    const raw = await ground.lines('raw');
    const subscribe = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'event.subscribe', params: { types: ['auth.*'] } });
    const ours = await startSubscribers(ground.daemon.socketPath, subscribe);
    const theirs = await startSubscribers(ground.rawSocketPath, 'subscribe');
    const nextName = (): string => {
      named += 1;
      return `bench^${process.pid}-${named}`;
    };
    const delivered = (to: ChildProcess, cause: () => unknown) => ({
      async sample(): Promise<number> {
        to.send(events);
        const done = told(to, 'done');
        const ms = await timed(() => Promise.all([done, cause()]));
        return (ms * 1_000) / (events * subscribers);
      },
    });
    return {
      turns: {
        ours: delivered(ours, () => Promise.all(among.map((caller) => makeTokens(caller, window, nextName, window)))),
        raw: delivered(theirs, () => raw.send(`burst ${events}`)),
      },
      rows({ samples: { ours: daemon = [], raw: each = [] }, failures }) {
        const spec = {
          name: eventFanout.name,
          raw: 'commit, then serialise and write for each',
          unit: 'µs',
          kind: 'speed',
          failures,
        } as const;
        return [compared({ ...spec, target: { must: 5, aim: 12 } }, daemon, each)];
      },
      async close() {
        for (const child of [ours, theirs]) child.disconnect();
        for (const client of [...among, raw]) client.close();
      },
    };
  },
};

/** Each makes one event. */
export async function makeTokens(caller: LineClient, count: number, nameOf: (index: number) => string, window: number): Promise<void> {
  const last = await caller.pump(
    (index) => {
      const params = { name: nameOf(index), scopes: ['read'] };
      return `${JSON.stringify({ jsonrpc: '2.0', id: index, method: 'auth.createToken', params })}\n`;
    },
    count,
    window,
  );
  if (!last.includes('"result"')) throw new Error(`the last of ${count} tokens was not made: ${last}`);
}

async function startSubscribers(socketPath: string, line: string): Promise<ChildProcess> {
  const program = new URL('./subscribers.mjs', import.meta.url).pathname;
  const child = fork(program, [socketPath, String(subscribers), line], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await told(child, 'ready');
  return child;
}

async function told(child: ChildProcess, word: string): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const gone = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('the subscribers have ended')));
    const [message] = await Promise.race([once(child, 'message', { signal }), gone]);
    if (message !== word) throw new Error(`the subscribers said ${String(message)} instead of ${word}`);
  } finally {
    settled.abort();
  }
}
