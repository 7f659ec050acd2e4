// The configuration that a daemon starts on: all layers as they stand, or in safe mode the last one that was good.

import { type Failure, isFailure } from '../../schemas/errors.ts';
import type { Diagnostic } from '../../schemas/primitives.ts';
import { readConfigFile } from '../config/config-file.ts';
import { invalidConfig, type LoadedConfig, loadConfig } from '../config/load.ts';
import type { InForce } from '../config/reloading.ts';
import { standingSources } from '../config/service.ts';
import type { Tree } from '../config/tree.ts';
import { isOfProject, type Validation, validateConfig } from '../config/validate.ts';
import { createFileReader } from '../tools/files.ts';
import { readOwnFile, writeOwnFile } from '../tools/own-files.ts';
import type { Paths } from './paths.ts';

export interface StartRequest {
  readonly paths: Paths;
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly string[];
  readonly safeMode: boolean;
}

/** Throws CONFIG_INVALID with every place that is wrong; nothing is written. */
export async function initialConfig(request: StartRequest): Promise<InForce> {
  const { paths, env, flags, safeMode } = request;
  try {
    const sources = await standingSources(createFileReader(), { path: paths.configPath, named: paths.configNamed }, { env, flags });
    return { loaded: await loadConfig(sources), sources };
  } catch (error) {
    if (!safeMode || !isFailure(error) || error.kind !== 'CONFIG_INVALID') throw error;
    return lastGood(request, error);
  }
}

async function lastGood({ paths, uid }: StartRequest, { details }: Failure): Promise<InForce> {
  const path = paths.configSnapshotPath;
  const refuse = (message: string): Failure => {
    const wrong = (details?.diagnostics ?? []) as Diagnostic[];
    return invalidConfig([...wrong, { level: 'error', path, message: `${message}, so safe mode has nothing to start on` }]);
  };
  const text = readOwnFile(path, uid);
  if (text === undefined) throw refuse('is not there');
  let tree: Tree;
  try {
    tree = JSON.parse(text) as Tree;
  } catch {
    throw refuse('is not JSON');
  }
  const snapshot = { path, tree };
  return { loaded: await loadConfig({ snapshot }), sources: { snapshot } };
}

/** The configuration a start would take, or the file of a project, checked. */
export async function validateStart({ paths, env, flags }: StartRequest): Promise<Validation> {
  const files = createFileReader();
  const place = { path: paths.configPath, named: paths.configNamed };
  const request = paths.configNamed && isOfProject(paths.configPath) ? { path: paths.configPath } : {};
  const standing = () => standingSources(files, place, { env, flags });
  return validateConfig({ read: (path) => readConfigFile(files, path), standing, inForce: () => ({ env, flags }) }, request);
}

/** Kept for a start in safe mode. */
export function saveConfigSnapshot({ configSnapshotPath }: Paths, { tree }: LoadedConfig): void {
  writeOwnFile(configSnapshotPath, `${JSON.stringify(tree, null, 2)}\n`);
}
