// The configuration in force: one frozen, versioned snapshot. What is asked of it, and of the files it comes from.
import type { Config } from '../../schemas/config.ts';
import type { ConfigExplanation } from '../../schemas/config-methods.ts';
import { type ConfigFiles, readConfigFile } from './config-file.ts';
import { explainKey, getValue } from './explain.ts';
import { type ConfigSources, invalidConfig, type LoadedConfig } from './load.ts';
import { createProjectViews } from './project-views.ts';
import { createReloading, type Reloaded, type ReloadingDeps } from './reloading.ts';
import { type ValidateRequest, type Validation, validateConfig } from './validate.ts';

export interface ConfigService {
  readonly current: Config;
  readonly version: number;
  /** Keys whose new value waits for the next daemon. */
  readonly restartRequired: readonly string[];
  readonly isDeferred: boolean;
  /** The last good configuration is in force, because the file was wrong at the start. */
  readonly isSafeMode: boolean;
  /** Is the file another than the one in force? */
  drifts(): Promise<boolean>;
  /** A table or key, secrets masked; all of it without a key. Throws NOT_FOUND. */
  get(key: string | undefined, projectPath?: string): Promise<unknown>;
  explain(key: string, projectPath?: string): Promise<ConfigExplanation>;
  /** With the project's own file over it. Throws CONFIG_INVALID when that is wrong. */
  forProject(projectPath: string): Promise<Config>;
  validate(request: ValidateRequest): Promise<Validation>;
  /** Reads all layers again; throws CONFIG_INVALID and keeps the old snapshot when they are wrong. `now`: whoever runs. */
  reload(actor: string, options?: { readonly now?: boolean }): Promise<Reloaded>;
  /** The watch saw something: reads the file and does what hot_reload.mode says, if its content is another. */
  fileTouched(actor: string): Promise<void>;
  /** Applies what was held back, unless something runs. */
  settle(actor: string): Promise<void>;
  onChange(listener: (config: Config) => void): () => void;
  readonly listenerCount: number;
}

export interface ConfigServiceDeps extends Omit<ReloadingDeps, 'standing'> {
  readonly files: ConfigFiles;
  /** The user's file; when it was named, it must be there. */
  readonly file: ConfigPlace;
  /** The layers that stay as they are for as long as the daemon lives. */
  readonly fixed: Pick<ConfigSources, 'env' | 'flags'>;
}

export interface ConfigPlace {
  readonly path: string;
  readonly named: boolean;
}

export function createConfigService({ files, file, fixed, ...deps }: ConfigServiceDeps): ConfigService {
  const standing = (): Promise<ConfigSources> => standingSources(files, file, fixed);
  const reloading = createReloading({ ...deps, standing });
  const views = createProjectViews({ files, current: () => reloading.current });
  const viewOf = async (projectPath?: string): Promise<LoadedConfig> =>
    projectPath === undefined ? reloading.current.loaded : views.of(projectPath);
  return {
    get current() {
      return reloading.current.loaded.config;
    },
    get version() {
      return reloading.version;
    },
    get restartRequired() {
      return reloading.restartRequired;
    },
    get isDeferred() {
      return reloading.isDeferred;
    },
    get isSafeMode() {
      return reloading.current.sources.snapshot !== undefined;
    },
    drifts: reloading.drifts,
    get: async (key, projectPath) => getValue(await viewOf(projectPath), key),
    explain: async (key, projectPath) => explainKey(await viewOf(projectPath), key),
    forProject: async (projectPath) => (await views.of(projectPath)).config,
    validate: (request) =>
      validateConfig({ read: (path) => readConfigFile(files, path), standing, inForce: () => reloading.current.sources }, request),
    reload: (actor, { now = false } = {}) => reloading.reload(actor, now),
    fileTouched: reloading.fileTouched,
    settle: reloading.settle,
    onChange: reloading.onChange,
    get listenerCount() {
      return reloading.listenerCount;
    },
  };
}

/** All layers as they stand now, but for those of projects. Throws CONFIG_INVALID for a file that cannot be read. */
export async function standingSources(
  files: ConfigFiles,
  { path, named }: ConfigPlace,
  fixed: ConfigServiceDeps['fixed'],
): Promise<ConfigSources> {
  const user = await readConfigFile(files, path);
  if (user === undefined && named) throw invalidConfig([{ level: 'error', path, message: 'is not there; correct --config' }]);
  return { ...fixed, ...(user === undefined ? {} : { user }) };
}
