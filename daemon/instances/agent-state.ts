// What an agent does, with the evidence: one pure function for every client. Silence is no evidence of anything.
import type { AgentState } from '../../schemas/agent-state.ts';
import type { ThreadStatus } from '../../schemas/instance.ts';
import { isoTime } from '../kernel/clock.ts';
import type { ThreadRecord } from '../store/tables/instances.ts';

export const silence = { unknownAfterMs: 90_000, tellAfterMs: 180_000, cancelAfterMs: 15 * 60_000 } as const;

export type Source = AgentState['source'];

/** Beside the row: how the daemon learned of the change, and what was said of it. */
export interface Evidence {
  readonly source: Source;
  readonly detail?: string | undefined;
}

type Facts = Pick<ThreadRecord, 'status' | 'turn' | 'wakeAt' | 'lastActivityAt'>;
type Seen = Omit<AgentState, 'since'>;

const whileNotActive: Readonly<Record<Exclude<ThreadStatus, 'active'>, Seen['state']>> = {
  pending: 'starting',
  disconnected: 'unknown',
  completed: 'exited',
  failed: 'exited',
};

export function observe({ status, turn, wakeAt, lastActivityAt = 0 }: Facts, { source, detail }: Evidence, now: number): Seen {
  const more = { source, ...(detail === undefined ? {} : { detail: detail.slice(0, detailChars) }) };
  if (status === 'disconnected' && source === 'exit') return { state: 'exited', ...more };
  if (status !== 'active') return { state: whileNotActive[status], ...more };
  if (turn === 'requires_action') return { state: 'waiting_permission', ...more };
  if (turn === 'running') return isSilent(lastActivityAt, now) ? { state: 'unknown', source: 'output' } : { state: 'working', ...more };
  return wakeAt !== undefined && wakeAt > now ? { state: 'rate_limited', ...more, wakeAt: isoTime(wakeAt) } : { state: 'idle', ...more };
}

const detailChars = 500;

function isSilent(lastActivityAt: number, now: number): boolean {
  return now - lastActivityAt >= silence.unknownAfterMs;
}

/** undefined: it is as it was, and has been since then. */
export function nextState(before: AgentState | undefined, seen: Seen, now: number): AgentState | undefined {
  const isSame = before !== undefined && before.state === seen.state && before.wakeAt === seen.wakeAt;
  return isSame ? undefined : { ...seen, since: isoTime(now) };
}
