// A new work session is told to an editor when its agent is there, so that what it offers is known.
import { Failure } from '../../../schemas/errors.ts';
import type { WorkSession } from '../../../schemas/work-session.ts';
import type { DaemonClient } from './daemon-client.ts';

const readyMs = 120_000;

/** Rejects with AGENT_FAILED when it fails before, and DEADLINE_EXCEEDED when it takes too long. */
export async function untilReady(daemon: DaemonClient, { id, name, specTaskId }: WorkSession): Promise<WorkSession> {
  const { api } = daemon;
  let wake: () => void = () => undefined;
  const unfollow = await daemon.follow({ specTaskId }, () => wake());
  const late = AbortSignal.timeout(readyMs);
  late.addEventListener('abort', () => wake());
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const now = await api.workSession.get({ id });
      const thread = now.threadId === undefined ? undefined : await api.thread.get({ id: now.threadId });
      if (now.status === 'failed' || now.status === 'cancelled') {
        throw new Failure('AGENT_FAILED', `Work session "${name}" could not begin: ${now.lastError ?? now.status}.`);
      }
      if (thread?.status === 'active') return now;
      if (late.aborted) {
        const state = now.waitsFor ?? now.stage ?? now.status;
        throw new Failure('DEADLINE_EXCEEDED', `Work session "${name}" was not ready within ${readyMs / 1_000} s: ${state}.`);
      }
      await Promise.race([woken, daemon.closed]);
    }
  } finally {
    unfollow();
  }
}
