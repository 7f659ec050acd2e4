// Times of a daemon, told apart from those of whoever else wants the processor.
import { readFileSync } from 'node:fs';
import type { Client } from '../../client/index.ts';

export interface Pings {
  /** Of the pings that were made one after the other: the event loop was never away for longer. */
  readonly slowestMs: number;
  readonly count: number;
  /** Of the work beside them. */
  readonly tookMs: number;
}

/** Pings the daemon until `work` is through. */
export async function pingsDuring(client: Client, work: Promise<unknown>): Promise<Pings> {
  const begun = performance.now();
  let over = false;
  const end = work.finally(() => {
    over = true;
  });
  let slowestMs = 0;
  let count = 0;
  while (!over) {
    slowestMs = Math.max(slowestMs, await timed(() => client.daemon.ping()));
    count += 1;
  }
  await end;
  return { slowestMs, count, tookMs: performance.now() - begun };
}

const windowCalls = 20;
const windows = 15;

export interface CallTimes {
  /** The 95th percentile in the window of calls that was disturbed least. */
  readonly p95Ms: number;
  /** What the daemon computed for one call on the average, whoever else wanted the processor. */
  readonly cpuMs: number;
}

export async function timesOf(daemonPid: number, work: () => Promise<unknown>): Promise<CallTimes> {
  const cpuBefore = cpuMsOf(daemonPid);
  let p95Ms = Number.POSITIVE_INFINITY;
  for (let window = 0; window < windows; window += 1) {
    const times: number[] = [];
    for (let call = 0; call < windowCalls; call += 1) times.push(await timed(work));
    const sorted = times.sort((left, right) => left - right);
    p95Ms = Math.min(p95Ms, sorted[Math.ceil(windowCalls * 0.95) - 1] ?? p95Ms);
  }
  return { p95Ms, cpuMs: (cpuMsOf(daemonPid) - cpuBefore) / (windows * windowCalls) };
}

/** Of all its threads; the kernel counts in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
