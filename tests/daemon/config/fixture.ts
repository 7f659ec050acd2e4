import { type ConfigSources, loadConfig } from '../../../daemon/config/load.ts';
import { isFailure } from '../../../schemas/errors.ts';
import type { Diagnostic } from '../../../schemas/primitives.ts';

export const userPath = '/home/ada/.config/coppice/config.toml';
export const projectPath = '/src/shop/.coppice/config.toml';

export interface Given {
  readonly user?: string;
  readonly project?: string;
  readonly env?: Record<string, string>;
  readonly flags?: string[];
}

export function sourcesOf({ user, project, env = {}, flags = [] }: Given): ConfigSources {
  return {
    ...{ env, flags },
    ...(user === undefined ? {} : { user: { path: userPath, text: user } }),
    ...(project === undefined ? {} : { project: { path: projectPath, text: project } }),
  };
}

export const load = (given: Given = {}) => loadConfig(sourcesOf(given));

/** What is wrong, of a configuration that is refused. */
export async function faultsOf(given: Given): Promise<Diagnostic[]> {
  try {
    await load(given);
  } catch (error) {
    if (isFailure(error) && error.kind === 'CONFIG_INVALID') return (error.details?.diagnostics ?? []) as Diagnostic[];
    throw error;
  }
  throw new Error('it was taken');
}

/** Only line, key and message. */
export async function told(given: Given): Promise<(string | number | undefined)[][]> {
  return (await faultsOf(given)).map(({ line, key, message }) => [line, key, message]);
}
