import { configSchema } from '../../rpc/contract-files.ts';
import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function configHandlers({ config, projects }: Services): HandlersOf<'config'> {
  const pathOf = async (ref: string | undefined): Promise<string | undefined> =>
    ref === undefined ? undefined : (await projects.resolve(ref)).path;
  return {
    'config.get': async ({ key, project }) => ({ version: config.version, value: await config.get(key, await pathOf(project)) }),
    'config.explain': async ({ key, project }) => config.explain(key, await pathOf(project)),
    'config.validate': (request) => config.validate(request),
    'config.schema': () => configSchema(),
    'config.reload': ({ now }, call) => config.reload(originOf(call).actor, { now }),
  };
}
