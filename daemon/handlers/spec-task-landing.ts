import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

type Handled = Pick<HandlersOf<'specTask'>, 'specTask.approveImplementation' | 'specTask.land' | 'specTask.archive'>;

export function specTaskLandingHandlers({ specTasks, landing }: Services): Handled {
  const { resolve } = specTasks;
  return {
    'specTask.approveImplementation': async ({ id, project, ifVersion }, call) =>
      landing.approve(await resolve(id, project), ifVersion, originOf(call)),
    'specTask.land': async ({ id, project, ...wanted }, call) => landing.land(await resolve(id, project), wanted, originOf(call)),
    'specTask.archive': async ({ id, project }, call) => landing.archive(await resolve(id, project), originOf(call)),
  };
}
