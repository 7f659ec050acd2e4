import type { HandlersOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function artifactHandlers({ artifacts, sessions }: Services): HandlersOf<'artifact'> {
  return {
    'artifact.list': ({ session, kind, cursor, limit }) => artifacts.list(sessions.resolve(session).id, kind, cursor, limit),
    'artifact.read': ({ id, ...range }) => artifacts.read(id, range),
  };
}
