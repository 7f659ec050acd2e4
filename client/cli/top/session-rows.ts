import { hasEnded } from '../follow-session.ts';
import { plainText } from './plain-text.ts';
import { type Row, toneOf } from './row.ts';
import type { SessionView } from './world.ts';

export function sessionRow(view: SessionView, depth: number): Row {
  const { id, slug, status, startedAt, endedAt, createdAt } = view.session;
  const name = plainText(slug);
  return {
    key: `session ${id}`,
    depth,
    lines: '',
    name,
    state: status,
    tone: toneOf(status),
    note: plainText(evidence(view)),
    since: endedAt ?? startedAt ?? createdAt,
    target: { name, sessionId: id, active: !hasEnded(view.session) },
  };
}

/** By what the state is known: the queue, a step that runs, or the way it ended. */
function evidence({ session, step }: SessionView): string {
  const { status, reason, error, queuePosition, queueReason, cancelRequestedAt } = session;
  if (status === 'queued') return `by queue: ${queueReason === 'pool' ? 'its pool is full' : 'capacity'}, place ${queuePosition ?? '?'}`;
  if (hasEnded(session)) return reason === undefined ? '' : `by ${reason}${error === undefined ? '' : `: ${error}`}`;
  if (cancelRequestedAt !== undefined) return 'is being cancelled';
  return step === undefined ? '' : `by step ${step}`;
}
