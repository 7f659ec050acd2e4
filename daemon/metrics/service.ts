// How often, how long and how well: bounded, and cheap enough for every call. Figures beside the durations are read when somebody asks.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ResultOf } from '../../schemas/contract.ts';
import { durationBoundsMs, type Figure, type FigureName, figures } from '../../schemas/figures.ts';
import { limits } from '../../schemas/limits.ts';
import { createHistogram, type Histogram } from './histogram.ts';

/** Ends a span. Called once. */
export type EndSpan = (failed?: boolean) => void;

export interface Metrics {
  observe(operation: string, durationMs: number, failed: boolean): void;
  /** Begins to measure an operation. */
  span(operation: string): EndSpan;
  /** Measures `work` from its call until it has settled; what it answers or throws is handed on. */
  timed<T>(operation: string, work: () => Promise<T>): Promise<T>;
  /** Adds to a counter; `of` is the value of the figure's label, where it has one. */
  count(name: FigureName, of?: string): void;
  /** A figure that is read when asked, for each value of its label where it has one. */
  figure(name: FigureName, read: Reading): void;
  /** Off: nothing is measured or counted, what was is kept, and figures can still be read. */
  enable(on: boolean): void;
  snapshot(): ResultOf<'daemon.metrics'>;
  close(): void;
}

type Reading = () => number | Readonly<Record<string, number>>;

interface Operation {
  readonly durations: Histogram;
  errors: number;
}

/** Samples of the event loop: often enough to see a freeze, seldom enough to cost nothing when idle. */
const loopResolutionMs = 1_000;
const nsPerMs = 1e6;
const noSpan: EndSpan = () => {};

/** `nowMs` never goes back, and is finer than a millisecond. */
export function createMetrics({ nowMs, enabled }: { nowMs: () => number; enabled: boolean }): Metrics {
  const operations = new Map<string, Operation>();
  // A counter without a label is there from the start: who watches it must see its first step.
  const counts = new Map<string, number>(declared('counter').map((name) => [name, 0]));
  const readings = new Map<FigureName, Reading>();
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  let on = false;

  const readAll = (kind: Figure['kind']): [string, number][] =>
    [...readings].filter(([name]) => figures[name].kind === kind).flatMap(([name, read]) => named(name, read()));
  const operationOf = (name: string): Operation => {
    const known = operations.get(name);
    if (known) return known;
    if (operations.size >= limits.metricOperations && name !== otherOperations) return operationOf(otherOperations);
    const operation = { durations: createHistogram(), errors: 0 };
    operations.set(name, operation);
    return operation;
  };
  const observe = (name: string, durationMs: number, failed: boolean): void => {
    if (!on) return;
    const operation = operationOf(name);
    operation.durations.record(durationMs);
    if (failed) operation.errors += 1;
  };
  const span = (name: string): EndSpan => {
    if (!on) return noSpan;
    const startedAt = nowMs();
    return (failed = false) => observe(name, nowMs() - startedAt, failed);
  };
  const metrics: Metrics = {
    observe,
    span,
    async timed(name, work) {
      const end = span(name);
      let failed = true;
      try {
        const value = await work();
        failed = false;
        return value;
      } finally {
        end(failed);
      }
    },
    count(name, of) {
      if (!on) return;
      const key = of === undefined ? name : `${name}.${of}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    figure: (name, read) => void readings.set(name, read),
    enable(wanted) {
      if (wanted === on) return;
      on = wanted;
      if (on) loop.enable();
      else loop.disable();
    },
    snapshot: () => ({
      enabled: on,
      operations: [...operations].sort(([a], [b]) => (a < b ? -1 : 1)).map(describe),
      bucketBoundsMs: [...durationBoundsMs],
      eventLoopDelay: { p50Ms: lateness(loop.percentile(50)), p99Ms: lateness(loop.percentile(99)), maxMs: lateness(loop.max) },
      gauges: Object.fromEntries(readAll('gauge')),
      counters: Object.fromEntries([...counts, ...readAll('counter')]),
    }),
    close: () => metrics.enable(false),
  };
  metrics.enable(enabled);
  return metrics;
}

/** Takes what comes after the bound on the number of operations. */
const otherOperations = 'other';

function declared(kind: Figure['kind']): FigureName[] {
  const table: Readonly<Record<string, Figure>> = figures;
  return (Object.keys(figures) as FigureName[]).filter((name) => table[name]?.kind === kind && table[name].by === undefined);
}

function describe([name, { durations, errors }]: [string, Operation]) {
  return {
    name,
    count: durations.count,
    errors,
    totalMs: rounded(durations.totalMs),
    p50Ms: rounded(durations.percentile(0.5)),
    p95Ms: rounded(durations.percentile(0.95)),
    p99Ms: rounded(durations.percentile(0.99)),
    maxMs: rounded(durations.maxMs),
    buckets: durations.counts(),
  };
}

function named(name: string, value: number | Readonly<Record<string, number>>): [string, number][] {
  return typeof value === 'number' ? [[name, value]] : Object.entries(value).map(([of, number]) => [`${name}.${of}`, number]);
}

/** The monitor counts from its own interval on. */
function lateness(ns: number): number {
  return rounded(Math.max(0, ns / nsPerMs - loopResolutionMs));
}

/** To a microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
