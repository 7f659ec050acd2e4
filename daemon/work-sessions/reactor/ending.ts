// The end of a work session: its row, its thread and its session end together.
import { Failure } from '../../../schemas/errors.ts';
import { byDaemon } from '../../kernel/origin.ts';
import type { Writer } from '../../store/store.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import { hasEnded } from '../machine.ts';
import type { WorkDeps } from '../needs.ts';
import { freshWorkSession, moveWorkSession } from '../transition.ts';

const actor = byDaemon.actor;

/** `detail`: what else there is to say of how it ended. */
export function complete({ clock, threads, attention, announce }: WorkDeps, w: Writer, id: string, detail?: string): void {
  const now = freshWorkSession(w, id);
  if (now.status !== 'active') return;
  moveWorkSession(
    w,
    id,
    { to: 'completed', detail, change: { progress: 1, ...(detail === undefined || now.summary ? {} : { summary: detail }) } },
    { actor, now: clock.now() },
  );
  const thread = w.threads.ofWorkSession(id);
  if (thread) threads.close(w, thread.id, 'completed', detail ?? 'its work is merged');
  attention.settleAbout(w, id, actor);
  announce(w, id);
}

export function fail({ clock, threads, attention, announce }: WorkDeps, w: Writer, id: string, why: string): void {
  const now = freshWorkSession(w, id);
  if (hasEnded(now.status)) return;
  moveWorkSession(w, id, { to: 'failed', detail: why }, { actor, now: clock.now() });
  const thread = w.threads.ofWorkSession(id);
  if (thread) threads.close(w, thread.id, 'failed', why);
  attention.settleAbout(w, id, actor);
  announce(w, id);
}

/** Its session waits for this. Said again at each look: whoever did not hear it is told once more. */
export async function tellSession(
  { driven, store, sessions }: WorkDeps,
  { sessionId, status, name, lastError }: WorkSessionRecord,
): Promise<void> {
  if (sessionId === undefined || store.read((r) => r.sessions.get(sessionId)?.endedAt) !== undefined) return;
  // It may still be furnished, when there is nobody yet who hears of an end.
  if (status === 'cancelled') return sessions.cancelAll([sessionId], 'work session cancelled', actor);
  driven.tellEnd(
    sessionId,
    status === 'completed'
      ? undefined
      : new Failure('AGENT_FAILED', `The work session "${name}" failed: ${lastError ?? 'no reason was told'}.`),
  );
}
