// The snapshot in force, and how another one takes its place: whole, at once or when nothing runs, and never when it is wrong.
import type { Config } from '../../schemas/config.ts';
import { isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import type { Reader, Store } from '../store/store.ts';
import { changesBetween, waitingForRestart } from './changes.ts';
import { type ConfigSources, type LoadedConfig, loadConfig } from './load.ts';

/** A configuration, with the layers it was loaded from. */
export interface InForce {
  readonly loaded: LoadedConfig;
  readonly sources: ConfigSources;
}

export interface Reloaded {
  readonly version: number;
  readonly changedKeys: string[];
  readonly restartRequired: string[];
  /** It is valid and waits until no session runs. */
  readonly deferred: boolean;
}

export interface Reloading {
  readonly current: InForce;
  readonly version: number;
  readonly restartRequired: readonly string[];
  readonly isDeferred: boolean;
  reload(actor: string, now: boolean): Promise<Reloaded>;
  fileTouched(actor: string): Promise<void>;
  settle(actor: string): Promise<void>;
  /** Is the file another than the one in force? */
  drifts(): Promise<boolean>;
  onChange(listener: (config: Config) => void): () => void;
  readonly listenerCount: number;
}

export interface ReloadingDeps {
  readonly store: Store;
  readonly log: Log;
  readonly initial: InForce;
  /** All layers as they stand now. Throws CONFIG_INVALID when a file cannot be read. */
  readonly standing: () => Promise<ConfigSources>;
  readonly isBusy: (reader: Reader) => boolean;
  /** A changed file was seen. */
  readonly onFileChanged: () => void;
  /** Keeps the last good configuration for a start in safe mode. */
  readonly saveSnapshot: (loaded: LoadedConfig) => void;
}

export function createReloading({ store, log, initial, standing, isBusy, onFileChanged, saveSnapshot }: ReloadingDeps): Reloading {
  const listeners = new Set<(config: Config) => void>();
  const queue = createKeyedQueue();
  let current = initial;
  let version = 1;
  let restartRequired: string[] = [];
  let held: InForce | undefined;
  let seen = initial.sources.user?.text;

  /** The text of the file, or why it cannot be read: both are something to be seen once. */
  const content = (): Promise<string | undefined> =>
    standing().then(
      ({ user }) => user?.text,
      (error: Error) => error.message,
    );

  const read = async (actor: string): Promise<InForce> => {
    try {
      const sources = await standing();
      seen = sources.user?.text;
      const loaded = await loadConfig(sources);
      for (const warning of loaded.warnings) log.warn({ key: warning.key }, warning.message);
      return { loaded, sources };
    } catch (error) {
      if (!isFailure(error)) throw error;
      const errors = (error.details?.diagnostics ?? []) as Diagnostic[];
      await store.write((w) =>
        w.events.append({ type: 'config.reloadFailed', subject: {}, actor, data: { keptVersion: version, errors: fitting(errors) } }),
      );
      throw error;
    }
  };

  const take = async (next: InForce, actor: string, now: boolean): Promise<Reloaded> => {
    const { config } = current.loaded;
    const changedKeys = changesBetween(config, next.loaded.config);
    if (changedKeys.length === 0) {
      // The values are the same; where they are written may be another place.
      current = { ...next, loaded: { ...next.loaded, config } };
      held = undefined;
      return { version, changedKeys, restartRequired, deferred: false };
    }
    // Against what this daemon began with: a key that went back to that waits for nothing.
    const waiting = waitingForRestart(changesBetween(initial.loaded.config, next.loaded.config));
    const isNews = held === undefined || changesBetween(held.loaded.config, next.loaded.config).length > 0;
    const deferred = await store.write((w) => {
      if (!now && config.hot_reload.mode === 'defer' && isBusy(w)) {
        const data = { keptVersion: version, changedKeys: fitting(changedKeys) };
        if (isNews) w.events.append({ type: 'config.deferred', subject: {}, actor, data });
        return true;
      }
      const data = { oldVersion: version, newVersion: version + 1, changedKeys: fitting(changedKeys), restartRequired: waiting };
      w.events.append({ type: 'config.reloaded', subject: {}, actor, data });
      return false;
    });
    held = deferred ? next : undefined;
    if (!deferred) swap(next, waiting);
    return { version, changedKeys, restartRequired, deferred };
  };

  const swap = (next: InForce, waiting: string[]): void => {
    current = next;
    version += 1;
    restartRequired = waiting;
    for (const inform of [() => saveSnapshot(next.loaded), ...[...listeners].map((listener) => () => listener(next.loaded.config))]) {
      try {
        inform();
      } catch (error) {
        // It is in force already, and the others must hear of it.
        log.error({ err: error }, 'a part of the daemon could not take the new configuration in');
      }
    }
  };

  const fileTouched = async (actor: string): Promise<void> => {
    const text = await content();
    if (text === seen) return;
    seen = text;
    onFileChanged();
    // Between the halves of a replacement a file is gone for a while. Who means it gone says so by a reload.
    if (text === undefined || current.loaded.config.hot_reload.mode === 'manual') return;
    await take(await read(actor), actor, false);
  };

  const settle = async (actor: string): Promise<void> => {
    if (held !== undefined) await take(held, actor, false);
  };
  if (initial.sources.snapshot === undefined) saveSnapshot(initial.loaded);
  return {
    get current() {
      return current;
    },
    get version() {
      return version;
    },
    get restartRequired() {
      return restartRequired;
    },
    get isDeferred() {
      return held !== undefined;
    },
    // One at a time: a signal, a call and a changed file may come together.
    reload: (actor, now) => queue.run('config', async () => take(await read(actor), actor, now)),
    fileTouched: (actor) => queue.run('config', () => fileTouched(actor)),
    settle: async (actor) => (held === undefined ? undefined : queue.run('config', () => settle(actor))),
    drifts: async () => current.sources.snapshot !== undefined || (await content()) !== current.sources.user?.text,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get listenerCount() {
      return listeners.size;
    },
  };
}

/** As much of a list as an event has room for. */
function fitting<T>(items: readonly T[]): T[] {
  let room = limits.eventDataBytes / 2;
  return items.filter((item) => {
    room -= JSON.stringify(item).length + 1;
    return room >= 0;
  });
}
