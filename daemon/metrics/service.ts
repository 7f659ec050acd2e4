// How often, how long and how well: bounded histograms, cheap enough for every call.
import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';
import type { ResultOf } from '../../schemas/contract.ts';

export interface Metrics {
  observe(operation: string, durationMs: number, failed: boolean): void;
  count(name: string, by?: number): void;
  /** Read when asked, never sampled. */
  gauge(name: string, read: () => number): void;
  snapshot(): ResultOf<'daemon.metrics'>;
  close(): void;
}

interface Operation {
  readonly histogram: RecordableHistogram;
  errors: number;
}

/** Samples of the event loop a second: often enough to see a freeze, seldom enough to cost nothing when idle. */
const loopResolutionMs = 200;
const nsPerMs = 1e6;

export function createMetrics(): Metrics {
  const operations = new Map<string, Operation>();
  const counters = new Map<string, number>();
  const gauges = new Map<string, () => number>();
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  loop.enable();
  const toMs = (ns: number): number => Math.round(ns / 1000) / 1000;
  // The monitor counts from its own interval on.
  const lateness = (ns: number): number => toMs(Math.max(0, ns - loopResolutionMs * nsPerMs));
  return {
    observe(name, durationMs, failed) {
      let operation = operations.get(name);
      if (!operation) {
        operation = { histogram: createHistogram(), errors: 0 };
        operations.set(name, operation);
      }
      operation.histogram.record(Math.max(1, Math.round(durationMs * nsPerMs)));
      if (failed) operation.errors += 1;
    },
    count: (name, by = 1) => void counters.set(name, (counters.get(name) ?? 0) + by),
    gauge: (name, read) => void gauges.set(name, read),
    snapshot: () => ({
      operations: [...operations]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { histogram, errors }]) => ({
          name,
          count: histogram.count,
          errors,
          p50Ms: toMs(histogram.percentile(50)),
          p95Ms: toMs(histogram.percentile(95)),
          p99Ms: toMs(histogram.percentile(99)),
          maxMs: toMs(histogram.max),
        })),
      eventLoopDelay: { p50Ms: lateness(loop.percentile(50)), p99Ms: lateness(loop.percentile(99)), maxMs: lateness(loop.max) },
      gauges: Object.fromEntries([...counters, ...[...gauges].map(([name, read]) => [name, read()] as const)]),
    }),
    close: () => void loop.disable(),
  };
}
