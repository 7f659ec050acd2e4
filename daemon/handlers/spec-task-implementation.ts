import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

type Handled = Pick<HandlersOf<'specTask'>, 'specTask.startImplementation'>;

export function specTaskImplementationHandlers({ specTasks, implementation }: Services): Handled {
  return {
    'specTask.startImplementation': async ({ id, project, ...request }, call) =>
      implementation.start(await specTasks.resolve(id, project), request, originOf(call)),
  };
}
