// The configuration that a daemon starts on: all layers as they stand, or in safe mode the last one that was good.
import { isFailure } from '../../schemas/errors.ts';
import { readConfigFile } from '../config/config-file.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { InForce } from '../config/reloading.ts';
import { standingSources } from '../config/service.ts';
import type { Tree } from '../config/tree.ts';
import { isOfProject, type Validation, validateConfig } from '../config/validate.ts';
import { readOwnFile, writeOwnFile } from '../server/own-files.ts';
import { createFileReader } from '../tools/files.ts';
import type { Paths } from './paths.ts';

export interface StartRequest {
  readonly paths: Paths;
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly string[];
  readonly safeMode: boolean;
}

/** Throws CONFIG_INVALID with every place that is wrong; nothing is written. */
export async function initialConfig({ paths, uid, env, flags, safeMode }: StartRequest): Promise<InForce> {
  try {
    const sources = await standingSources(createFileReader(), { path: paths.configPath, named: paths.configNamed }, { env, flags });
    return { loaded: await loadConfig(sources), sources };
  } catch (error) {
    const text = safeMode && isFailure(error) && error.kind === 'CONFIG_INVALID' ? readOwnFile(paths.configSnapshotPath, uid) : undefined;
    if (text === undefined) throw error;
    const snapshot = { path: paths.configSnapshotPath, tree: JSON.parse(text) as Tree };
    return { loaded: await loadConfig({ snapshot }), sources: { snapshot } };
  }
}

/** The configuration a start would take, or the file of a project, checked. */
export async function validateStart({ paths, env, flags }: StartRequest): Promise<Validation> {
  const files = createFileReader();
  const place = { path: paths.configPath, named: paths.configNamed };
  const request = paths.configNamed && isOfProject(paths.configPath) ? { path: paths.configPath } : {};
  const standing = () => standingSources(files, place, { env, flags });
  return validateConfig({ read: (path) => readConfigFile(files, path), standing, inForce: () => ({ env, flags }) }, request);
}

export function saveConfigSnapshot({ configSnapshotPath }: Paths, { tree }: LoadedConfig): void {
  writeOwnFile(configSnapshotPath, `${JSON.stringify(tree, null, 2)}\n`);
}
