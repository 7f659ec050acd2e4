import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function gateHandlers({ gates }: Services): HandlersOf<'gate'> {
  return {
    'gate.list': ({ cursor, limit }) => gates.list(cursor, limit),
    'gate.get': ({ name }) => gates.get(name),
    'gate.run': (wish, call) => gates.run(wish, originOf(call)),
  };
}
