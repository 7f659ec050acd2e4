// The configuration as the sessions of one project see it: its own file, laid over the user's. Read and checked on use.
import { join } from 'node:path';
import { limits } from '../../schemas/limits.ts';
import type { FileStat } from '../tools/files.ts';
import { type ConfigFiles, readConfigFile } from './config-file.ts';
import { type ConfigSources, type LoadedConfig, loadConfig } from './load.ts';

export interface ProjectViews {
  /** Throws CONFIG_INVALID for a file that is wrong: who starts something in the project hears of it. */
  of(projectPath: string): Promise<LoadedConfig>;
}

export interface ProjectViewDeps {
  readonly files: ConfigFiles;
  /** What is in force for all; another object after each change. */
  readonly current: () => { readonly loaded: LoadedConfig; readonly sources: ConfigSources };
}

interface View {
  readonly over: LoadedConfig;
  readonly stamp: string;
  readonly loaded: LoadedConfig;
}

export function createProjectViews({ files, current }: ProjectViewDeps): ProjectViews {
  const views = new Map<string, View>();
  return {
    async of(projectPath) {
      const path = join(projectPath, '.coppice', 'config.toml');
      const { loaded: over, sources } = current();
      const found = await files.stat(path);
      if (found === undefined) return over;
      const known = views.get(path);
      const stamp = stampOf(found);
      if (known?.over === over && known.stamp === stamp) return known.loaded;
      const file = await readConfigFile(files, path);
      if (file === undefined) return over;
      const loaded = await loadConfig({ ...sources, project: file });
      views.delete(path);
      views.set(path, { over, stamp, loaded });
      for (const oldest of views.keys()) if (views.size > limits.projectConfigs) views.delete(oldest);
      return loaded;
    },
  };
}

function stampOf({ inode, sizeBytes, modifiedMs, changedMs }: FileStat): string {
  return [inode, sizeBytes, modifiedMs, changedMs].join(':');
}
