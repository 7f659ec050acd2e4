import { isoTime } from '../kernel/clock.ts';
import type { Writer } from '../store/store.ts';
import type { AuthFlowRecord } from '../store/tables/auth-flows.ts';

/** How a login ended. */
export type LoginEnd =
  | { readonly status: 'granted'; readonly expiresAt: number | undefined; readonly scopes: readonly string[] | undefined }
  | { readonly status: 'denied' | 'expired' | 'cancelled' | 'failed'; readonly reason?: string };

/** The one end of a login, with its one event. */
export function endLogin(w: Writer, flow: AuthFlowRecord, how: LoginEnd, { at, actor }: { at: number; actor: string }): AuthFlowRecord {
  const { id: flowId, provider } = flow;
  const about = { subject: {}, actor };
  const data = { flowId, provider };
  const reason = 'reason' in how ? how.reason : undefined;
  w.authFlows.end(flowId, how.status, reason, at);
  switch (how.status) {
    case 'granted': {
      const { expiresAt, scopes } = how;
      const until = expiresAt === undefined ? {} : { expiresAt: isoTime(expiresAt) };
      w.events.append({
        type: 'auth.granted',
        ...about,
        data: { ...data, ...until, ...(scopes === undefined ? {} : { scopes: [...scopes] }) },
      });
      break;
    }
    case 'denied':
      w.events.append({ type: 'auth.denied', ...about, data });
      break;
    case 'expired':
      w.events.append({ type: 'auth.expired', ...about, data });
      break;
    case 'cancelled':
      w.events.append({ type: 'auth.cancelled', ...about, data });
      break;
    case 'failed':
      w.events.append({ type: 'auth.failed', ...about, data: { ...data, reason: reason ?? 'unknown' } });
      break;
  }
  return { ...flow, status: how.status, endedAt: at, ...(reason === undefined ? {} : { reason }) };
}
