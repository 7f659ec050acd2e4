import type { HandlersOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function policyHandlers({ policy, store }: Services): HandlersOf<'policy'> {
  return {
    'policy.explain': (asked) => policy.explain(asked),
    'policy.listDecisions': ({ session, decision, cursor, limit }) => {
      // What was decided outlives its session, which is then known by its id alone.
      const known = session === undefined ? undefined : store.read((r) => r.sessions.get(session) ?? r.sessions.bySlug(session));
      const sessionId = known?.id ?? session;
      const filter = { ...(sessionId === undefined ? {} : { sessionId }), ...(decision === undefined ? {} : { decision }) };
      return policy.list(filter, cursor, limit);
    },
  };
}
