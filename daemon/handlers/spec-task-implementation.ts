import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

type Handled = Pick<
  HandlersOf<'specTask'>,
  'specTask.startImplementation' | 'specTask.updatePlan' | 'specTask.requestImplementationChanges' | 'specTask.retry' | 'specTask.cancel'
>;

export function specTaskImplementationHandlers({ workSessions: { task: work }, specTasks: { resolve } }: Services): Handled {
  return {
    'specTask.startImplementation': async ({ id, project, ...request }, call) =>
      work.startImplementation(await resolve(id, project), request, originOf(call)),
    'specTask.updatePlan': async ({ id, project, ...wanted }, call) => work.updatePlan(await resolve(id, project), wanted, originOf(call)),
    'specTask.requestImplementationChanges': async ({ id, project, ...wanted }, call) =>
      work.requestChanges(await resolve(id, project), wanted, originOf(call)),
    'specTask.retry': async ({ id, project, ifVersion }, call) => work.retry(await resolve(id, project), ifVersion, originOf(call)),
    'specTask.cancel': async ({ id, project, reason }, call) => work.cancel(await resolve(id, project), reason, originOf(call)),
  };
}
