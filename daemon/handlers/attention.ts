import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function attentionHandlers({ attention, specTasks, projects }: Services): HandlersOf<'attention'> {
  return {
    'attention.list': async ({ project, specTask, status, cursor, limit }) => {
      const projectId = project === undefined ? undefined : (await projects.resolve(project)).id;
      const specTaskId = specTask === undefined ? undefined : (await specTasks.resolve(specTask, project)).id;
      return attention.list({ status, projectId, specTaskId }, cursor, limit);
    },
    'attention.get': ({ id }) => attention.get(id),
    'attention.clear': ({ id }, call) => attention.clear(id, originOf(call)),
  };
}
