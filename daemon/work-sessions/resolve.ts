import { Failure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';

/** A work session by its id, or by the id or slug of its session. Throws NOT_FOUND. */
export function resolveWorkSession(store: Store, ref: string): WorkSessionRecord {
  const found = store.read((r) => {
    const session = r.sessions.get(ref) ?? r.sessions.bySlug(ref);
    return r.workSessions.get(ref) ?? (session && r.workSessions.bySession(session.id));
  });
  if (found) return found;
  throw new Failure('NOT_FOUND', `There is no work session "${ref}"; "coppice work list" shows them.`, {
    details: { entity: 'work session', id: ref },
  });
}
