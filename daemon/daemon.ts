// The composition root: the order in which a daemon starts. What it acquires it gives back in reverse, also when it fails half-way.

import { limits } from '../schemas/limits.ts';
import { epochFor } from './events/cursor.ts';
import { createFeed } from './events/feed.ts';
import type { DaemonFacts, Services } from './handlers/services.ts';
import { houseworkTick } from './jobs/housekeeping.ts';
import { createMissingWrappers } from './jobs/missing-wrappers.ts';
import { createLateSweep, sweepSteps } from './jobs/sweep-steps.ts';
import { tendSpares } from './jobs/tend-spares.ts';
import { createLifecycle, type Lifecycle, withDeadline } from './kernel/lifecycle.ts';
import type { Log } from './kernel/log.ts';
import { byDaemon } from './kernel/origin.ts';
import { createMetrics, type Metrics } from './metrics/service.ts';
import { examineAgents } from './models/findings.ts';
import { createDispatcher, createOwnerToken, type Doors, openDoors } from './root/doors.ts';
import { tellFigures } from './root/figures.ts';
import type { DaemonOptions } from './root/options.ts';
import { createRetries, type Retries } from './root/retries.ts';
import { createServices } from './root/services.ts';
import type { Tools } from './root/tools.ts';
import { createTools, makeFolders } from './root/tools.ts';
import { damageFailure, isDamaged } from './store/damage.ts';
import { acquireStateLock } from './store/state-lock.ts';
import { Store, type Writer } from './store/store.ts';
import { everyCron } from './tools/cron.ts';
import { isAliveNow } from './tools/proc.ts';
import { watchFile } from './tools/watch.ts';

export type { DaemonOptions } from './root/options.ts';

export interface Daemon {
  readonly services: Services;
  reloadConfig(): Promise<void>;
  /** Stops in order; terminals and steps go on without it. */
  stop(reason: string): Promise<void>;
}

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const lifecycle = createLifecycle(options.clock);
  try {
    return await start(options, lifecycle);
  } catch (error) {
    const { databasePath, backupDir } = options.paths;
    // Closing the store would write to the file, so what is found is kept before.
    const told = isDamaged(error) ? damageFailure(databasePath, backupDir, error) : error;
    await lifecycle.unwind(limits.stopStepMs);
    throw told;
  }
}

async function start(options: DaemonOptions, lifecycle: Lifecycle): Promise<Daemon> {
  const { paths, clock } = options;
  const { log } = options.log;
  await makeFolders(options);
  const lock = acquireStateLock(paths.lockPath);
  lifecycle.own('state lock', () => lock.release());
  const metrics = createMetrics({ nowMs: () => clock.monotonicMs(), enabled: options.config.loaded.config.metrics.enabled });
  lifecycle.own('metrics', () => metrics.close());
  const retries = createRetries(options, metrics);
  const store = await openStore(options, retries, metrics);
  lifecycle.own('store', () => store.close());
  // Who waits in the queue has its place by its id.
  const newestId = store.read((r) => r.sessions.active()).at(-1)?.id;
  const tools = await createTools(options, { metrics, again: retries.again, newestId }, lifecycle);
  const bootId = tools.ids.next('boot');
  const feed = createFeed({ store, clock, epoch: await openEpoch(store, options, tools) });
  let doors: Doors | undefined;
  let stopping = false;
  const facts: DaemonFacts = {
    version: options.version,
    pid: options.pid,
    bootId,
    startedAt: clock.now(),
    paths: { socket: paths.socketPath, database: paths.databasePath, log: paths.logPath, config: paths.configPath },
    webSocketPort: () => doors?.webSocketPort,
    connections: () => ({
      connections: doors?.connections.count ?? 0,
      subscriptions: doors?.connections.subscriptionCount ?? 0,
      lagEvents: doors?.connections.lagEvents ?? 0,
    }),
    isStopping: () => stopping,
    upgradePending: options.upgradePending,
    requestStop: options.onStopRequested,
    closeConnectionsOfToken: (tokenId) => doors?.connections.closeOfToken(tokenId),
  };
  const ownerToken = createOwnerToken(options, () => tools.ids.random(40));
  const services = createServices({ options, tools, again: retries.again, store, feed, metrics, daemon: facts, ownerToken, lifecycle });
  lifecycle.own('retry policies', retries.follow(services.config));
  const { dispatcher, gate } = createDispatcher(options, services);
  lifecycle.own('figures', tellFigures({ ...services, mutationsInFlight: () => gate.running }));
  await reconcile(services, tools, log);
  startJobs(options, services, tools, lifecycle);
  const data = { version: options.version, pid: options.pid, bootId };
  await store.write((w) => w.events.append({ type: 'daemon.started', subject: {}, actor: byDaemon.actor, data }));
  doors = await openDoors({ options, tools, services, dispatcher, lifecycle });
  log.info({ pid: options.pid, socket: paths.socketPath, webSocketPort: doors.webSocketPort }, 'ready');

  return {
    services,
    reloadConfig: async () => void (await services.config.reload(byDaemon.actor)),
    async stop(reason) {
      if (stopping) return;
      stopping = true;
      gate.refuse();
      log.info({ reason }, 'stopping');
      // A stop comes to its end also when another process holds the database: then clients start anew instead of resuming.
      const record = (write: (w: Writer) => void): Promise<void> =>
        store.write(write).catch((error: unknown) => log.error({ err: error }, 'the stop could not be recorded'));
      await record((w) => w.events.append({ type: 'daemon.stopping', subject: {}, actor: byDaemon.actor, data: { reason } }));
      await withDeadline(clock, services.config.current.daemon.drain_ms, 'calls were still running', gate.idle()).catch(
        (error: unknown) => {
          log.warn({ err: error }, 'not all calls ended in time; they are cut off');
        },
      );
      await record((w) => w.meta.set('clean_stop', '1'));
      for (const failure of await lifecycle.unwind(limits.stopStepMs))
        log.error({ err: failure.error }, `"${failure.name}" did not stop well`);
      log.info('stopped');
    },
  };
}

/** A program that looks at the database for a moment does not keep the daemon from starting. */
function openStore({ paths, clock, random }: DaemonOptions, { again, policy, note }: Retries, metrics: Metrics): Promise<Store> {
  return again(
    'store_write',
    () =>
      new Store({
        ...{ path: paths.databasePath, backupDir: paths.backupDir, clock, random },
        writePolicy: () => policy('store_write'),
        onBusy: (status) => note('store_write', status),
        span: (operation) => metrics.span(operation),
      }),
  );
}

/** Positions in the log hold for as long as nothing can have been lost from its end. */
async function openEpoch(store: Store, { machineBootId }: DaemonOptions, { ids }: Tools): Promise<string> {
  const known = store.read(({ meta }) => ({
    epoch: meta.get('epoch'),
    machineBootId: meta.get('machine_boot_id'),
    cleanStop: meta.get('clean_stop'),
  }));
  const epoch = epochFor(known, machineBootId, () => ids.random(12));
  await store.write((w) => {
    w.meta.set('epoch', epoch);
    w.meta.set('machine_boot_id', machineBootId);
    w.meta.set('clean_stop', '0');
  });
  return epoch;
}

/** Rows and reality are compared before anybody can ask: what lives is adopted, what died is marked. */
async function reconcile(
  { store, terminals, worktrees, sessions, groups, logins, planning, instances, work }: Services,
  { tmux, stepFiles }: Tools,
  log: Log,
): Promise<void> {
  await terminals.reconcile();
  // One that stays is in nobody's way.
  await tmux.endUnused(store.read((r) => r.terminals.liveTmuxIds())).catch((error: unknown) => {
    log.warn({ err: error }, 'a tmux server without terminals could not be ended; the next start tries again');
  });
  tmux.onServerExit(() => {
    terminals.reconcile().catch((error: unknown) => log.error({ err: error }, 'the end of the tmux server could not be handled'));
  });
  await worktrees.reconcile();
  await sweepSteps({ store, stepFiles });
  await sessions.resume();
  groups.resume();
  planning.resume();
  instances.resume();
  work.resume();
  await logins.resume();
}

function startJobs(options: DaemonOptions, services: Services, { stepFiles, tmux }: Tools, lifecycle: Lifecycle): void {
  const { store, config, metrics, schedules, coordination } = services;
  const { log } = options.log;
  // What is under way when the daemon stops is told to end, and waited for.
  const job = (name: string, expression: string, work: (signal: AbortSignal) => Promise<unknown>): void => {
    const stop = new AbortController();
    const end = everyCron(expression, async () => void (await metrics.timed(`job.${name}`, () => work(stop.signal))));
    lifecycle.own(name, () => {
      stop.abort();
      return end();
    });
  };
  job('housekeeping', '17 * * * *', (signal) => houseworkTick({ upkeep: services.upkeep, log, signal }));
  job('late step files', '37 * * * *', createLateSweep({ store, stepFiles }));
  job('schedule files', '20 * * * * *', () => schedules.follow());
  job('spare worktrees', '*/15 * * * * *', () => services.spares.tend());
  lifecycle.own('occasions of spare worktrees', tendSpares(services));
  job('missing wrappers', '*/15 * * * * *', createMissingWrappers({ store, stepFiles, tmux, isAliveNow }));
  schedules.start().catch((error: unknown) => log.error({ err: error }, 'the schedules could not be begun'));
  coordination.start();
  lifecycle.own(
    'log level',
    config.onChange((next) => options.log.setLevel(next.daemon.log_level)),
  );
  const tellMissing = (): void =>
    void tellMissingAgents(services, log).catch((error: unknown) => log.error({ err: error }, 'the agents could not be looked at'));
  tellMissing();
  lifecycle.own('agent check', config.onChange(tellMissing));
  if (config.current.hot_reload.enabled) watchConfig(options, config, lifecycle);
}

/** Agents that the configuration counts on and that cannot be used here. */
async function tellMissingAgents({ config, availability, ownEnvironment }: Services, log: Log): Promise<void> {
  for (const { check, ok, optional, remedy } of await examineAgents(config.current, availability, ownEnvironment)) {
    if (!ok && !optional) log.warn({ check }, remedy);
  }
}

/** A wrong file is an event of the service and a line here; the old configuration stays. */
function watchConfig({ paths, log: { log } }: DaemonOptions, config: Services['config'], lifecycle: Lifecycle): void {
  const look = (): void =>
    void config.fileTouched(byDaemon.actor).catch((error: unknown) => log.warn({ err: error }, 'the changed configuration was not taken'));
  const watch = watchFile(paths.configPath, {
    debounceMs: () => config.current.hot_reload.debounce_ms,
    onChange: look,
    onError: (error) => log.warn({ err: error }, 'changes of the configuration file may not be seen; reload it by a call or SIGHUP'),
  });
  lifecycle.own('config watch', () => watch.close());
  // What changed between the reading of the file and the watch.
  look();
}
