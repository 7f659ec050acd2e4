import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function groupHandlers({ projects, groups }: Services): HandlersOf<'group'> {
  return {
    'group.start': ({ project, members, environment, ...wish }, call) =>
      groups.start({ ...wish, starts: members.map((member) => ({ request: { ...member, project, environment } })) }, originOf(call)),
    'group.list': async ({ project, status, cursor, limit }) => {
      const filter = {
        ...(project === undefined ? {} : { projectId: (await projects.resolve(project)).id }),
        ...(status === undefined ? {} : { statuses: status }),
      };
      return groups.list(filter, cursor, limit);
    },
    'group.get': ({ id }) => groups.get(id),
    'group.retry': ({ id, environment }, call) => groups.retry(id, environment, originOf(call)),
    'group.cancel': ({ id, reason }, call) => groups.cancel(id, reason, originOf(call)),
  };
}
