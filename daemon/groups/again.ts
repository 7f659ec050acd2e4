import type { Environment } from '../sessions/environment.ts';
import type { SessionService } from '../sessions/service.ts';
import type { Writer } from '../store/store.ts';
import type { MemberRecord } from '../store/tables/groups.ts';
import type { Sync } from '../store/transaction.ts';
import { tryAgain } from './transitions.ts';

export interface AgainRequest<T> {
  readonly groupId: string;
  /** The attempts that are followed by another one. */
  readonly members: readonly MemberRecord[];
  /** Absent: the one that each of them had. */
  readonly environment?: Environment;
  readonly actor: string;
  /** What is written with it: before the new members, and after them. */
  readonly before?: (w: Writer) => void;
  readonly after: (w: Writer) => Sync<T>;
}

/** Starts members of a group again as new sessions: all of them, or none. */
export async function startAgain<T>(
  sessions: Pick<SessionService, 'again' | 'startTogether'>,
  { groupId, members, environment, actor, before, after }: AgainRequest<T>,
): Promise<T> {
  const wishes = await Promise.all(members.map(({ sessionId }) => sessions.again(sessionId, environment)));
  const inGroup = wishes.map(({ request, extras }) => ({ request, extras: { ...extras, groupId } }));
  return sessions.startTogether(inGroup, actor, (w, started) => {
    before?.(w);
    tryAgain(w, groupId, started, members, actor);
    return after(w);
  });
}
