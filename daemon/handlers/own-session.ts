import { Failure } from '../../schemas/errors.ts';
import type { Call } from '../server/connection.ts';

/** A process inside a session may change its own session only, whatever the method allows. */
export function assertOwnSession(call: Call, sessionId: string | undefined): void {
  const own = call.context.caller.sessionId;
  if (own === undefined || own === sessionId) return;
  throw new Failure('FORBIDDEN', 'A process inside a session may change its own session only; ask from outside of it.', {
    details: { scope: 'session', sessionId: own },
  });
}
