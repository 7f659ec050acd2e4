import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

type Handled = Omit<HandlersOf<'instance'>, 'instance.heartbeat' | 'instance.reportEvent'>;

export function instanceHandlers({ instanceService, specTasks }: Services): Handled {
  return {
    'instance.ensure': async ({ specTask, project }, call) =>
      instanceService.ensure(await specTasks.resolve(specTask, project), originOf(call)),
    'instance.list': async ({ specTask, live, cursor, limit }) => {
      const specTaskId = specTask === undefined ? undefined : (await specTasks.resolve(specTask)).id;
      return instanceService.list({ specTaskId, live }, cursor, limit);
    },
    'instance.get': ({ id }) => instanceService.get(id),
    'instance.restart': ({ id }, call) => instanceService.restart(id, originOf(call)),
    'instance.shutdown': ({ id }, call) => instanceService.shutdown(id, originOf(call)),
  };
}
