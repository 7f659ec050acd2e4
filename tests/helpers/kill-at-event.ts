import type { ClientEvent } from '../../client/event-stream.ts';
import type { RealDaemon } from './real-daemon.ts';

export interface KillAtEvent<T> {
  /** Starts what is watched; its events are those that count. */
  readonly start: () => Promise<T>;
  readonly counts: (event: ClientEvent, started: T) => boolean;
  readonly isLast: (event: ClientEvent) => boolean;
}

/** Kills the daemon as soon as it tells the nth event that counts, and starts it again. Not killed: there are fewer. */
export async function killAtEvent<T>(
  daemon: RealDaemon,
  n: number,
  { start, counts, isLast }: KillAtEvent<T>,
): Promise<{ started: T; killed: boolean }> {
  const after = (await daemon.client.daemon.status()).cursor;
  const started = await start();
  const leave = new AbortController();
  let seen = 0;
  for await (const event of daemon.client.events({ after, signal: leave.signal })) {
    if (!('subject' in event) || !counts(event, started)) continue;
    seen += 1;
    if (isLast(event) && seen < n) return { started, killed: false };
    if (seen < n) continue;
    process.kill(daemon.pid, 'SIGKILL');
    leave.abort();
    break;
  }
  await daemon.kill();
  await daemon.again();
  return { started, killed: true };
}
