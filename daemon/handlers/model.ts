import type { HandlersOf } from '../server/connection.ts';
import { pageByName } from './page-by-name.ts';
import type { Services } from './services.ts';

export function modelHandlers({ models }: Services): HandlersOf<'model'> {
  return {
    'model.list': ({ cursor, limit }) => {
      const { items, nextCursor } = pageByName(models.list(), cursor, limit);
      return { models: [...items], ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    'model.get': ({ name }) => models.get(name),
    'model.resolve': ({ name }) => models.resolve(name),
  };
}
