// Which figure is read where: all of schemas/figures.ts that is not measured as an operation.
import { performance } from 'node:perf_hooks';
import { sessionStatuses } from '../../schemas/session.ts';
import type { Services } from '../handlers/services.ts';

const none = Object.fromEntries(sessionStatuses.map((status) => [status, 0]));
const usPerSecond = 1e6;

export interface FigureSources extends Pick<Services, 'store' | 'config' | 'metrics' | 'daemon' | 'clock' | 'spares'> {
  readonly mutationsInFlight: () => number;
}

/** Answers how to end the counting of events. */
export function tellFigures({ store, config, metrics, daemon, clock, spares, mutationsInFlight }: FigureSources): () => void {
  metrics.figure('sessions', () => ({ ...none, ...store.read((r) => r.sessions.countByStatus()) }));
  metrics.figure('terminals', () => store.read((r) => r.terminals.allLive().length));
  metrics.figure('worktrees', () => store.read((r) => r.worktrees.allLive().length));
  metrics.figure('spare_worktrees', () => spares.ready());
  metrics.figure('server.connections', () => daemon.connections().connections);
  metrics.figure('server.subscriptions', () => daemon.connections().subscriptions);
  metrics.figure('server.subscriber_lag_events', () => daemon.connections().lagEvents);
  metrics.figure('server.mutations_in_flight', mutationsInFlight);
  metrics.figure('store.queued_writes', () => store.queueLength);
  metrics.figure('store.bytes', () => store.size().bytes);
  metrics.figure('store.free_bytes', () => store.size().freeBytes);
  metrics.figure('process.rss_bytes', () => process.memoryUsage.rss());
  metrics.figure('active_resources', () => tally(process.getActiveResourcesInfo()));
  metrics.figure('listeners', () => ({
    events: store.listenerCount,
    config: config.listenerCount,
    process: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }));
  metrics.figure('process.uptime_seconds', () => Math.round((clock.now() - daemon.startedAt) / 1_000));
  metrics.figure('process.cpu_seconds', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / usPerSecond;
  });
  metrics.figure('process.loop_active_seconds', () => performance.eventLoopUtilization().active / 1_000);
  return store.onEvents((events) => {
    for (const { type } of events) {
      metrics.count('events', type);
      if (type === 'retry.scheduled') metrics.count('retries', 'step');
      if (type === 'config.reloaded') metrics.count('config.reloads');
      if (type === 'config.reloadFailed') metrics.count('config.reload_failures');
    }
  });
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
