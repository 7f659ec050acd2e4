import { z } from 'zod';
import { defineEvent, defineMethod, scopes } from './define.ts';
import { limits } from './limits.ts';
import { Ok, Time } from './primitives.ts';

export const DaemonIdentity = z.object({
  version: z.string(),
  pid: z.int(),
  bootId: z.string().describe('New at each start of the daemon.'),
  startedAt: Time,
});

const Finding = z.object({
  check: z.string().describe('What was looked at: git, tmux, bash, perl, database, socket, …'),
  ok: z.boolean(),
  optional: z.boolean().optional().describe('Nothing that is configured needs it.'),
  found: z.string().optional().describe('Version or state, as found.'),
  remedy: z.string().optional().describe('What to do when ok is false.'),
});

const Operation = z.object({
  name: z.string().describe('What was done: rpc.<method>, store.read, store.write, tool.<program>, job.<name>.'),
  count: z.int(),
  errors: z.int(),
  totalMs: z.number(),
  p50Ms: z.number().describe('Percentiles are at most 1/32 too high.'),
  p95Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  buckets: z
    .array(z.int())
    .describe('How many lasted up to each of bucketBoundsMs but longer than the one before; last, how many lasted longer.'),
});

export const daemonMethods = {
  'daemon.hello': defineMethod({
    summary: 'Agrees on a protocol version and, with a token, lowers or proves who the caller is.',
    access: 'public',
    effect: 'read',
    params: {
      protocolVersion: z.union([z.int().min(1), z.object({ min: z.int().min(1), max: z.int().min(1) })]).default(1),
      client: z.object({ name: z.string().max(limits.nameChars), version: z.string().max(64) }).optional(),
      token: z.string().max(512).optional(),
    },
    result: z.object({
      protocolVersion: z.int(),
      daemon: DaemonIdentity,
      capabilities: z.record(z.string(), z.boolean()),
      scopes: z.array(z.enum(scopes)),
      cursor: z.string().describe('The end of the event log at this moment.'),
    }),
    errors: ['INCOMPATIBLE'],
  }),
  'daemon.ping': defineMethod({
    summary: 'Answers at once.',
    access: 'public',
    effect: 'read',
    params: {},
    result: z.object({ pid: z.int() }),
  }),
  'daemon.status': defineMethod({
    summary: 'Tells who the daemon is, where its things are and how much it holds.',
    access: 'read',
    effect: 'read',
    params: {},
    result: z.object({
      daemon: DaemonIdentity,
      uptimeMs: z.int(),
      rssBytes: z.int(),
      stopping: z.boolean(),
      upgradePending: z.boolean().describe('Its files on disk are others now; a restart takes them.'),
      paths: z.object({ socket: z.string(), database: z.string(), log: z.string().optional(), config: z.string() }),
      webSocket: z.object({ port: z.int() }).optional(),
      tmux: z.object({ available: z.boolean(), running: z.boolean(), version: z.string().optional() }),
      counts: z.object({
        projects: z.int(),
        sessionsByStatus: z.record(z.string(), z.int()),
        worktrees: z.int(),
        terminals: z.int(),
        connections: z.int(),
        subscriptions: z.int(),
      }),
      cursor: z.string(),
      configVersion: z.int(),
      restartRequired: z.array(z.string()).describe('Config keys whose new value waits for a restart.'),
      configDrift: z.boolean().describe('The configuration file is not what is in force: not read yet, held back or wrong.'),
      configDeferred: z.boolean().describe('A newer configuration waits until no session runs.'),
      safeMode: z.boolean().describe('The file was wrong at the start, so the last good configuration is in force.'),
    }),
  }),
  'daemon.metrics': defineMethod({
    summary: 'How often, how long and how well the daemon did what since its start, and how things stand.',
    access: 'read',
    effect: 'read',
    params: {},
    result: z.object({
      enabled: z.boolean().describe('metrics.enabled of the configuration; when false, nothing new is measured or counted.'),
      operations: z.array(Operation),
      bucketBoundsMs: z.array(z.number()),
      eventLoopDelay: z.object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() }),
      gauges: z.record(z.string(), z.number()).describe('How things stand, by the names of the table of figures.'),
      counters: z.record(z.string(), z.number()).describe('What only grows, by the names of the table of figures.'),
    }),
  }),
  'daemon.doctor': defineMethod({
    summary: 'Checks the programs, files and settings the daemon depends on, each with a remedy.',
    access: 'read',
    effect: 'read',
    params: {},
    result: z.object({ ok: z.boolean(), findings: z.array(Finding) }),
  }),
  'daemon.stop': defineMethod({
    summary: 'Stops the daemon in order; terminals keep running.',
    access: 'admin',
    effect: 'mutation',
    params: { reason: z.string().max(limits.nameChars).optional() },
    result: Ok,
  }),
};

export const daemonEvents = {
  'daemon.started': defineEvent({
    summary: 'A daemon took over the store.',
    data: z.object({ version: z.string(), pid: z.int(), bootId: z.string() }),
  }),
  'daemon.stopping': defineEvent({
    summary: 'The daemon is going away; terminals stay.',
    data: z.object({ reason: z.string() }),
  }),
};
