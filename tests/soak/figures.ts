// What a daemon holds, from outside and by its own figures.
import { readdirSync, readlinkSync } from 'node:fs';
import type { Client } from '../../client/index.ts';
import { rssMiB } from '../helpers/processes.ts';

export interface Held {
  readonly fds: number;
  /** What each of them is, numbers left out. */
  readonly fdKinds: Readonly<Record<string, number>>;
  /** Active resources and listeners, by the names of the figures. */
  readonly gauges: Readonly<Record<string, number>>;
}

const watched = ['active_resources.', 'listeners.', 'server.connections', 'server.subscriptions', 'server.mutations_in_flight'];

export async function heldBy(pid: number, client: Client): Promise<Held> {
  const { gauges } = await client.daemon.metrics();
  const fdKinds = kindsOfFds(pid);
  return {
    fds: Object.values(fdKinds).reduce((sum, count) => sum + count, 0),
    fdKinds,
    gauges: Object.fromEntries(Object.entries(gauges).filter(([name]) => watched.some((start) => name.startsWith(start)))),
  };
}

/** What is held now and was not then, as `name: then -> now`. */
export function grown(then: Held, now: Held): string[] {
  const more = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): string[] =>
    Object.entries(after).flatMap(([name, count]) => (count > (before[name] ?? 0) ? [`${name}: ${before[name] ?? 0} -> ${count}`] : []));
  return [...more(then.fdKinds, now.fdKinds), ...more(then.gauges, now.gauges)];
}

export interface Sample {
  readonly atMs: number;
  readonly rssMiB: number;
}

export function sampleOf(pid: number, beganMs: number): Sample {
  return { atMs: performance.now() - beganMs, rssMiB: rssMiB(pid) };
}

/** Of the straight line through the samples, in MiB a minute. */
export function slopeOf(samples: readonly Sample[]): number {
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const [atMean, rssMean] = [mean(samples.map(({ atMs }) => atMs)), mean(samples.map((one) => one.rssMiB))];
  const above = samples.reduce((sum, one) => sum + (one.atMs - atMean) * (one.rssMiB - rssMean), 0);
  const below = samples.reduce((sum, { atMs }) => sum + (atMs - atMean) ** 2, 0);
  return below === 0 ? 0 : (above / below) * 60_000;
}

function kindsOfFds(pid: number): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    let kind: string;
    try {
      kind = readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\[\d+\]$/, '');
    } catch {
      continue;
    }
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}
