import { Failure } from '../../schemas/errors.ts';
import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function scheduleHandlers({ projects, sessions, schedules }: Services): HandlersOf<'schedule'> {
  return {
    'schedule.list': async ({ project, cursor, limit }) => {
      const projectId = project === undefined ? undefined : (await projects.resolve(project)).id;
      await schedules.follow(projectId);
      return schedules.list(projectId, cursor, limit);
    },
    'schedule.get': ({ id }) => schedules.get(id),
    'schedule.create': async ({ project, command, arguments: given, ...times }, call) => {
      // What is wrong with it is said now, not in the night.
      const prepared = await sessions.prepare({ project, command, arguments: given });
      const secret = prepared.definition.arguments.find(({ name, secret }) => secret && Object.hasOwn(given, name));
      if (secret !== undefined) {
        throw new Failure('PRECONDITION', `"${secret.name}" is a secret; a schedule would keep it for all to read.`, {
          details: { reason: 'secret_argument' },
        });
      }
      return schedules.create({ ...times, projectId: prepared.project.id, command, arguments: given }, originOf(call));
    },
    'schedule.remove': async ({ id }, call) => {
      await schedules.remove(id, originOf(call));
      return {};
    },
    'schedule.runNow': ({ id }, call) => schedules.runNow(id, originOf(call)),
  };
}
