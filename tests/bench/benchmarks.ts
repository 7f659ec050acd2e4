// All that is measured, most important first.
import type { Benchmark, Opened } from './benchmark.ts';
import type { Ground } from './ground.ts';
import { libraryCalls } from './measure-client.ts';
import { configLoad, configReload, retryOverhead } from './measure-config.ts';
import { exportLog, historyQuery, subscriberReplay } from './measure-events.ts';
import { eventFanout } from './measure-fanout.ts';
import { cliStart } from './measure-processes.ts';
import { eventDeliver, roundTrips } from './measure-rpc.ts';
import { fanout, outputAppend, sessionCreate, stepSpawn } from './measure-sessions.ts';
import { daemonStart } from './measure-start.ts';
import { gc, transactions } from './measure-store.ts';
import { stuckRate } from './measure-stuck.ts';
import { webSocketCalls } from './measure-websocket.ts';
import { removalBig, spareStart, startsTogether } from './measure-worktrees.ts';
import { place } from './placement.ts';

export const benchmarks: readonly Benchmark[] = [
  ...[
    ...roundTrips,
    webSocketCalls,
    libraryCalls,
    ...transactions,
    sessionCreate,
    spareStart,
    removalBig,
    startsTogether,
    stepSpawn,
    fanout,
  ],
  ...[eventDeliver, eventFanout, stuckRate, cliStart, daemonStart],
  ...[configLoad, configReload, historyQuery, outputAppend, retryOverhead, subscriberReplay],
  ...[gc, exportLog],
];

/** Opens a benchmark with every process where it belongs; its close puts them back. */
export async function openBenchmark({ cores, open }: Benchmark, ground: Ground): Promise<Opened & { close(): Promise<void> }> {
  const opened = await open(ground);
  const putBack = cores ? place(cores, [ground.daemon.pid, ground.rawPid]) : (): void => {};
  return {
    ...opened,
    async close() {
      putBack();
      await opened.close?.();
    },
  };
}
