import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import { assertOwnSession } from './own-session.ts';
import type { Services } from './services.ts';

export function artifactHandlers({ artifacts, sessions }: Services): HandlersOf<'artifact'> {
  return {
    'artifact.list': ({ session, kind, cursor, limit }) => artifacts.list(sessions.resolve(session).id, kind, cursor, limit),
    'artifact.read': ({ id, ...range }) => artifacts.read(id, range),
    'artifact.put': ({ session, ...file }, call) => {
      const owner = sessions.resolve(session);
      assertOwnSession(call, owner.id);
      return artifacts.put(owner, file, originOf(call));
    },
    'artifact.archive': ({ session }, call) => artifacts.archive(sessions.resolve(session), originOf(call)),
    'artifact.prune': (wish, call) => artifacts.prune(wish, originOf(call)),
  };
}
