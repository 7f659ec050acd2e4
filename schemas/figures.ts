// Every figure of `daemon.metrics` beside the durations of operations, declared once: the daemon fills them in, clients and dashboards
// read them. Plain data, so that a client loads it without zod.

export interface Figure {
  /** A counter only grows, from zero at the start of the daemon; a gauge is how things stand now. */
  readonly kind: 'counter' | 'gauge';
  readonly summary: string;
  /** The figure is told once for each value of this, which stands behind its name: `sessions.running`. */
  readonly by?: string;
}

export const figures = {
  sessions: { kind: 'gauge', by: 'status', summary: 'Sessions that the store knows.' },
  terminals: { kind: 'gauge', summary: 'Terminals that live.' },
  worktrees: { kind: 'gauge', summary: 'Worktrees that are there.' },
  spare_worktrees: { kind: 'gauge', summary: 'Worktrees that are checked out ahead and wait for a session.' },
  'server.connections': { kind: 'gauge', summary: 'Open connections, of both sockets.' },
  'server.subscriptions': { kind: 'gauge', summary: 'Subscriptions to events.' },
  'server.mutations_in_flight': { kind: 'gauge', summary: 'Calls that change something and have not been answered yet.' },
  'server.subscriber_lag_events': { kind: 'gauge', summary: 'How far the slowest subscriber is behind the log.' },
  'store.queued_writes': { kind: 'gauge', summary: 'Writes that wait for their commit.' },
  'store.bytes': { kind: 'gauge', summary: 'Size of the database.' },
  'store.free_bytes': { kind: 'gauge', summary: 'Pages of the database that hold nothing, on the freelist.' },
  'process.rss_bytes': { kind: 'gauge', summary: 'Resident memory of the daemon.' },
  active_resources: {
    kind: 'gauge',
    by: 'type',
    summary: 'What keeps the event loop: timers, sockets, watches, by the names of Node.',
  },
  listeners: { kind: 'gauge', by: 'of', summary: 'Who is told of events, new configurations and signals, inside of the daemon.' },
  'process.uptime_seconds': { kind: 'gauge', summary: 'How long the daemon has been running.' },
  'process.cpu_seconds': { kind: 'counter', summary: 'Processor time that the daemon took, user and system.' },
  'process.loop_active_seconds': { kind: 'counter', summary: 'Time in which the event loop was not idle.' },
  events: { kind: 'counter', by: 'type', summary: 'Durable events that were appended.' },
  retries: { kind: 'counter', by: 'of', summary: 'Further attempts: of store writes behind a lock, and of steps.' },
  'config.reloads': { kind: 'counter', summary: 'New configurations that were taken.' },
  'config.reload_failures': { kind: 'counter', summary: 'Changed configurations that were wrong.' },
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof figures;

/** The declaration behind a name on the wire, and the value it is told for; undefined for one that this version does not know. */
export function figureOf(name: string): { readonly base: string; readonly figure: Figure; readonly value?: string } | undefined {
  const table: Readonly<Record<string, Figure>> = figures;
  if (Object.hasOwn(table, name)) return { base: name, figure: table[name] as Figure };
  const dot = name.indexOf('.');
  const base = name.slice(0, Math.max(0, dot));
  const figure = Object.hasOwn(table, base) ? table[base] : undefined;
  return figure?.by === undefined ? undefined : { base, figure, value: name.slice(dot + 1) };
}

/**
 * Upper bounds of the buckets that durations are counted in, in milliseconds, each the double of the one before. A last bucket, without a
 * bound, takes what is longer.
 */
export const durationBoundsMs: readonly number[] = Array.from({ length: 22 }, (_, index) => 2 ** (index - 5));
