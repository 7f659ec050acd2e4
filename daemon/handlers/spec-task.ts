import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { parsePlan } from '../spec-tasks/plan/parse-plan.ts';
import { specTaskView } from '../spec-tasks/view.ts';
import { assertOwnSpecTask } from './own-session.ts';
import type { Services } from './services.ts';

type Handled = Pick<
  HandlersOf<'specTask'>,
  | 'specTask.parsePlan'
  | 'specTask.create'
  | 'specTask.list'
  | 'specTask.get'
  | 'specTask.update'
  | 'specTask.start'
  | 'specTask.submitSpecs'
  | 'specTask.getSpecs'
  | 'specTask.approve'
  | 'specTask.requestChanges'
  | 'specTask.progress'
  | 'specTask.overview'
>;

export function specTaskHandlers({ specTasks, projects, sessions, overview }: Services): Handled {
  const { resolve } = specTasks;
  return {
    'specTask.parsePlan': ({ text, strict }) => parsePlan(text, { strict }),
    'specTask.create': (request, call) => specTasks.create(request, originOf(call)),
    'specTask.list': async ({ project, status, archived, cursor, limit }) => {
      const filter = {
        archived,
        ...(project === undefined ? {} : { projectId: (await projects.resolve(project)).id }),
        ...(status === undefined ? {} : { statuses: status }),
      };
      return specTasks.list(filter, cursor, limit);
    },
    'specTask.get': async ({ id, project }) => specTaskView(await resolve(id, project)),
    'specTask.update': async ({ id, project, ...wanted }, call) => specTasks.edit(await resolve(id, project), wanted, originOf(call)),
    'specTask.start': async ({ id, project, ifVersion }, call) => specTasks.start(await resolve(id, project), ifVersion, originOf(call)),
    'specTask.submitSpecs': async ({ id, project, ...revision }, call) => {
      const task = await resolve(id, project);
      assertOwnSpecTask(call, sessions, task.id);
      return specTasks.submit(task, revision, originOf(call));
    },
    'specTask.getSpecs': async ({ id, project, revision }) => specTasks.specs(await resolve(id, project), revision),
    'specTask.approve': async ({ id, project, revision }, call) => specTasks.approve(await resolve(id, project), revision, originOf(call)),
    'specTask.requestChanges': async ({ id, project, ...wanted }, call) =>
      specTasks.requestChanges(await resolve(id, project), wanted, originOf(call)),
    'specTask.progress': async ({ id, project }) => specTasks.progress(await resolve(id, project)),
    'specTask.overview': async ({ id, project }) => overview((await resolve(id, project)).id),
  };
}
