import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function projectHandlers({ projects, spares }: Services): HandlersOf<'project'> {
  return {
    'project.add': (params, call) => projects.add(params, originOf(call)),
    'project.list': ({ cursor, limit }) => projects.list(cursor, limit),
    'project.get': async ({ project }) => projects.view(await projects.resolve(project)),
    'project.remove': async ({ project }, call) => {
      await spares.drop(await projects.remove(project, originOf(call)));
      return {};
    },
  };
}
