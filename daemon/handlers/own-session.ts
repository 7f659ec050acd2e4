import { Failure } from '../../schemas/errors.ts';
import type { Call } from '../server/connection.ts';
import type { SessionService } from '../sessions/service.ts';

/** A process inside a session may change its own session only, whatever the method allows. */
export function assertOwnSession(call: Call, sessionId: string | undefined): void {
  const own = call.context.caller.sessionId;
  if (own === undefined || own === sessionId) return;
  throw new Failure('FORBIDDEN', 'A process inside a session may change its own session only; ask from outside of it.', {
    details: { scope: 'session', sessionId: own },
  });
}

/** Whoever may not operate writes from inside a session, and then to that one. */
export function assertMayWrite(call: Call, sessionId: string | undefined): void {
  assertOwnSession(call, sessionId);
  const { access, sessionId: own } = call.context.caller;
  if (own !== undefined || access.has('operate')) return;
  throw new Failure('FORBIDDEN', 'The token belongs to no session, so it may write to none; use one with the scope "operate".', {
    details: { scope: 'operate' },
  });
}

/** A process inside a session of a spec task may speak for that task only. */
export function assertOwnSpecTask(call: Call, sessions: Pick<SessionService, 'resolve'>, specTaskId: string): void {
  const own = call.context.caller.sessionId;
  if (own === undefined || sessions.resolve(own).specTaskId === specTaskId) return;
  throw new Failure('FORBIDDEN', 'A process inside a session may speak for its own spec task only; ask from outside of it.', {
    details: { scope: 'session', sessionId: own, specTaskId },
  });
}
