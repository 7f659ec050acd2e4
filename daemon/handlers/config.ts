import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function configHandlers({ config }: Services): HandlersOf<'config'> {
  return {
    'config.get': ({ key }) => ({ version: config.version, value: config.get(key) }),
    'config.reload': (_, call) => config.reload(originOf(call).actor),
  };
}
