import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function implTaskHandlers({ workSessions: { implTasks }, specTasks }: Services): HandlersOf<'implTask'> {
  return {
    'implTask.list': async ({ specTask, project, status, cursor, limit }) =>
      implTasks.list(await specTasks.resolve(specTask, project), status, cursor, limit),
    'implTask.get': ({ id }) => implTasks.get(id),
    'implTask.update': ({ id, ...edit }, call) => implTasks.update(id, edit, originOf(call)),
    'implTask.skip': ({ id, reason }, call) => implTasks.skip(id, reason, originOf(call)),
    'implTask.setDependencies': ({ id, dependencies }, call) => implTasks.setDependencies(id, dependencies, originOf(call)),
  };
}
