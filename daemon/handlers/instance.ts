import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { assertOwnSpecTask } from './own-session.ts';
import type { Services } from './services.ts';

export function instanceHandlers({ instanceService, reports, specTasks, sessions }: Services): HandlersOf<'instance'> {
  return {
    'instance.ensure': async ({ specTask, project }, call) =>
      instanceService.ensure(await specTasks.resolve(specTask, project), originOf(call)),
    'instance.list': async ({ specTask, live, cursor, limit }) => {
      const specTaskId = specTask === undefined ? undefined : (await specTasks.resolve(specTask)).id;
      return instanceService.list({ specTaskId, live }, cursor, limit);
    },
    'instance.get': ({ id }) => instanceService.get(id),
    'instance.heartbeat': ({ id }, call) => {
      assertOwnSpecTask(call, sessions, instanceService.get(id).specTaskId);
      return reports.heartbeat(id, originOf(call));
    },
    'instance.reportEvent': ({ id, type, data }, call) => {
      assertOwnSpecTask(call, sessions, instanceService.get(id).specTaskId);
      return reports.instance(id, { type, data }, originOf(call));
    },
    'instance.restart': ({ id }, call) => instanceService.restart(id, originOf(call)),
    'instance.shutdown': ({ id }, call) => instanceService.shutdown(id, originOf(call)),
  };
}
