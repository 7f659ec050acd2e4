import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function permissionHandlers({ permissions, specTasks }: Services): HandlersOf<'permission'> {
  return {
    'permission.list': async ({ specTask, status, cursor, limit }) => {
      const filter = {
        ...(specTask === undefined ? {} : { specTaskId: (await specTasks.resolve(specTask)).id }),
        ...(status === undefined ? {} : { status }),
      };
      return permissions.list(filter, cursor, limit);
    },
    'permission.answer': ({ id, optionId }, call) => permissions.answer(id, optionId, originOf(call)),
  };
}
