// The composition root: the order in which a daemon starts. What it acquires it gives back in reverse, also when it fails half-way.

import { limits } from '../schemas/limits.ts';
import { epochFor } from './events/cursor.ts';
import { createFeed } from './events/feed.ts';
import type { DaemonFacts, Services } from './handlers/services.ts';
import { houseworkTick } from './jobs/housekeeping.ts';
import { findMissingWrappers } from './jobs/missing-wrappers.ts';
import { sweepSteps } from './jobs/sweep-steps.ts';
import { createLifecycle, type Lifecycle, withDeadline } from './kernel/lifecycle.ts';
import type { Log } from './kernel/log.ts';
import { byDaemon } from './kernel/origin.ts';
import { createDispatcher, createOwnerToken, type Doors, openDoors } from './root/doors.ts';
import type { DaemonOptions } from './root/options.ts';
import { createRetries, type Retries } from './root/retries.ts';
import { createServices } from './root/services.ts';
import type { Tools } from './root/tools.ts';
import { createTools, makeFolders } from './root/tools.ts';
import { damageFailure, isDamaged } from './store/damage.ts';
import { acquireStateLock } from './store/state-lock.ts';
import { Store, type Writer } from './store/store.ts';
import { everyCron } from './tools/cron.ts';
import { isAlive } from './tools/proc.ts';
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
  const retries = createRetries(options);
  const store = await openStore(options, retries);
  lifecycle.own('store', () => store.close());
  const tools = await createTools(options, retries.again, lifecycle);
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
    connections: () => ({ connections: doors?.connections.count ?? 0, subscriptions: doors?.connections.subscriptionCount ?? 0 }),
    isStopping: () => stopping,
    requestStop: options.onStopRequested,
    closeConnectionsOfToken: (tokenId) => doors?.connections.closeOfToken(tokenId),
  };
  const ownerToken = createOwnerToken(options, () => tools.ids.random(40));
  const services = createServices({ options, tools, again: retries.again, store, feed, daemon: facts, ownerToken, lifecycle });
  lifecycle.own('retry policies', retries.follow(services));
  const { dispatcher, gate } = createDispatcher(options, services);
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
function openStore({ paths, clock, random }: DaemonOptions, { again, policy, note }: Retries): Promise<Store> {
  return again(
    'store_write',
    () =>
      new Store({
        path: paths.databasePath,
        backupDir: paths.backupDir,
        clock,
        random,
        writePolicy: () => policy('store_write'),
        onBusy: (status) => note('store_write', status),
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
async function reconcile({ store, terminals, worktrees, sessions }: Services, { control, stepFiles }: Tools, log: Log): Promise<void> {
  await terminals.reconcile();
  control.onServerExit(() => {
    terminals.reconcile().catch((error: unknown) => log.error({ err: error }, 'the end of the tmux server could not be handled'));
  });
  await worktrees.reconcile();
  await sweepSteps({ store, stepFiles });
  await sessions.resume();
}

function startJobs(options: DaemonOptions, services: Services, { stepFiles }: Tools, lifecycle: Lifecycle): void {
  const { store, config, metrics, schedules } = services;
  const { log } = options.log;
  const housework = new AbortController();
  const endHousework = everyCron('17 * * * *', () => houseworkTick({ upkeep: services.upkeep, log, signal: housework.signal }));
  lifecycle.own('housekeeping', () => {
    housework.abort();
    return endHousework();
  });
  lifecycle.own(
    'schedule files',
    everyCron('20 * * * * *', () => schedules.follow()),
  );
  schedules.start().catch((error: unknown) => log.error({ err: error }, 'the schedules could not be begun'));
  const lookForWrappers = (): Promise<void> => findMissingWrappers({ store, stepFiles, isAlive: (pid) => isAlive(pid) });
  lifecycle.own('missing wrappers', everyCron('*/15 * * * * *', lookForWrappers));
  lifecycle.own(
    'log level',
    config.onChange((next) => options.log.setLevel(next.daemon.log_level)),
  );
  metrics.gauge('store.queued_writes', () => store.queueLength);
  metrics.gauge('store.bytes', () => store.size().bytes);
  metrics.gauge('store.free_bytes', () => store.size().freeBytes);
  metrics.gauge('process.rss_bytes', () => process.memoryUsage.rss());
  metrics.gauge('process.uptime_seconds', () => Math.round(process.uptime()));
  if (!config.current.hot_reload.enabled) return;
  const watch = watchFile(
    options.paths.configPath,
    () => config.current.hot_reload.debounce_ms,
    () => {
      services.feed.emit({ type: 'config.fileChanged', subject: {}, actor: byDaemon.actor, data: { path: options.paths.configPath } });
      // A wrong file is an event and a log line of the service; the old configuration stays.
      config.reload(byDaemon.actor).catch((error: unknown) => log.warn({ err: error }, 'the changed configuration was not taken'));
    },
  );
  lifecycle.own('config watch', () => watch.close());
}
