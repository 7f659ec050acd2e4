import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { pageByName } from './page-by-name.ts';
import type { Services } from './services.ts';

export function gateHandlers({ gates }: Services): HandlersOf<'gate'> {
  return {
    'gate.list': ({ cursor, limit }) => {
      const { items, nextCursor } = pageByName(gates.list(), cursor, limit);
      return { gates: [...items], ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    'gate.get': ({ name }) => gates.get(name),
    'gate.run': (wish, call) => gates.run(wish, originOf(call)),
  };
}
