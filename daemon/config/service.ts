// The configuration in force: one frozen, versioned snapshot that is swapped whole or not at all.

import type { Config as ConfigValues, ReloadClass } from '../../schemas/config.ts';
import { Config } from '../../schemas/config.ts';
import { Failure, isFailure } from '../../schemas/errors.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Log } from '../kernel/log.ts';
import type { Store } from '../store/store.ts';
import { loadConfig } from './load.ts';
import { namesIn, schemaOf } from './sections.ts';

export interface ConfigService {
  readonly current: ConfigValues;
  readonly version: number;
  /** Keys whose new value waits for the next daemon. */
  readonly restartRequired: readonly string[];
  get(key: string | undefined): unknown;
  /** Reads all layers again; throws CONFIG_INVALID and keeps the old snapshot when they are wrong. */
  reload(actor: string): Promise<{ version: number; changedKeys: string[]; restartRequired: string[] }>;
  onChange(listener: (config: ConfigValues) => void): () => void;
}

export interface ConfigServiceDeps {
  readonly store: Store;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly path: string;
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly initial: ConfigValues;
}

export function createConfigService({ store, log, env, path, readText, initial }: ConfigServiceDeps): ConfigService {
  const listeners = new Set<(config: ConfigValues) => void>();
  let current = initial;
  let version = 1;
  let restartRequired: string[] = [];
  const reloads = createKeyedQueue();

  const load = async (): Promise<ConfigValues> => {
    const text = await readText(path);
    const { config, warnings } = loadConfig({ env, ...(text === undefined ? {} : { file: { path, text } }) });
    for (const warning of warnings) log.warn({ key: warning.key }, warning.message);
    return config;
  };
  const reload = async (actor: string): ReturnType<ConfigService['reload']> => {
    const next = await load().catch(async (error: unknown) => {
      if (!isFailure(error)) throw error;
      const errors = (error.details?.diagnostics ?? []) as Diagnostic[];
      await store.write((w) =>
        w.events.append({ type: 'config.reloadFailed', subject: {}, actor, data: { keptVersion: version, errors } }),
      );
      throw error;
    });
    const changedKeys = changesBetween(current, next);
    if (changedKeys.length === 0) return { version, changedKeys, restartRequired };
    // Against what this daemon began with: a key that went back to that waits for nothing.
    const waiting = changesBetween(initial, next).filter((key) => reloadClassOf(key) === 'restart');
    const data = { oldVersion: version, newVersion: version + 1, changedKeys, restartRequired: waiting };
    await store.write((w) => w.events.append({ type: 'config.reloaded', subject: {}, actor, data }));
    current = next;
    version += 1;
    restartRequired = waiting;
    for (const listener of listeners) listener(current);
    return { version, changedKeys, restartRequired };
  };
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
    get: (key) => (key === undefined ? current : valueAt(current, key)),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    // One at a time: a signal and a changed file may come together.
    reload: (actor) => reloads.run('reload', () => reload(actor)),
  };
}

function valueAt(config: ConfigValues, key: string): unknown {
  const [section = '', name, ...rest] = key.split('.');
  const table = Object.hasOwn(Config.shape, section) ? config[section as keyof ConfigValues] : undefined;
  const known = table !== undefined && rest.length === 0 && (name === undefined || namesIn(section, table).includes(name));
  if (!known)
    throw new Failure('NOT_FOUND', `There is no configuration key "${key}"; "coppice config get" lists them all.`, {
      details: { entity: 'config key', id: key },
    });
  return (name === undefined ? table : memberOf(table, name)) ?? null;
}

function changesBetween(before: ConfigValues, after: ConfigValues): string[] {
  return (Object.keys(Config.shape) as (keyof ConfigValues)[]).flatMap((section) =>
    [...new Set([before, after].flatMap((config) => namesIn(section, config[section])))]
      .filter((name) => JSON.stringify(memberOf(before[section], name)) !== JSON.stringify(memberOf(after[section], name)))
      .map((name) => `${section}.${name}`),
  );
}

function reloadClassOf(key: string): ReloadClass {
  const [section = '', name = ''] = key.split('.');
  const schema = schemaOf(section, name) as { meta(): { reload?: ReloadClass } | undefined } | undefined;
  return schema?.meta()?.reload ?? 'restart';
}

function memberOf(value: object, name: string): unknown {
  return (value as Record<string, unknown>)[name];
}
