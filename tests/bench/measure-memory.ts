// What a daemon of its own weighs after much work: ten thousand calls, and a hundred thousand events with somebody who follows them.

import { rssMiB } from '../helpers/processes.ts';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import type { Probe } from './benchmark.ts';
import { quietConfig } from './ground.ts';
import { connectLines } from './line-client.ts';
import { makeTokens } from './measure-fanout.ts';
import { bounded } from './rows.ts';

const calls = 10_000;
const events = 100_000;
const window = 64;
/** The subscriber is waited for so often. */
const slice = 5_000;

export const memoryAfterWork: Probe = {
  name: 'memory after work',
  priority: 'P0',
  takesMinutes: true,
  async measure() {
    await using daemon = await startRealDaemon({ config: quietConfig });
    const { socketPath } = daemon.home;
    const [caller, reader] = [await connectLines(socketPath), await connectLines(socketPath)];
    await reader.call('event.subscribe', {});
    await caller.pump((index) => `{"jsonrpc":"2.0","id":${index},"method":"session.list","params":{}}\n`, calls, window);
    for (let made = 0; made < events; made += slice) {
      const last = reader.next((line) => line.includes(`work-${made + slice - 1}"`));
      await makeTokens(caller, slice, (index) => `work-${made + index}`, window);
      await last;
    }
    const rss = rssMiB(daemon.pid);
    for (const client of [caller, reader]) client.close();
    const name = `daemon RSS, after ${calls} calls and ${events} events`;
    return [bounded({ name, unit: 'MiB', failures: 0, target: { must: 140, aim: 110 } }, [rss])];
  },
};
