// Waiting for sessions that take their time: by their events, and by nothing else.
import type { RealDaemon } from './real-daemon.ts';

/** Resolves when so many sessions have ended since the cursor; otherwise says which ones are stuck. */
export async function allEnded(daemon: RealDaemon, { after, count = 1 }: { after: string; count?: number }): Promise<void> {
  let left = count;
  const signal = AbortSignal.timeout(longMs);
  for await (const event of daemon.client.events({ after, types: ['session.finished'], signal })) {
    if (event.type === 'session.finished') left -= 1;
    if (left === 0) return;
  }
  const { sessions } = await daemon.client.session.list({ status: ['active'], limit: 200 });
  throw new Error(`these are stuck: ${sessions.map(({ slug, status }) => `${slug} (${status})`).join(', ')}`);
}

/** Below the time that such tests are given. */
export const longMs = 480_000;
export const longTestMs = 540_000;
