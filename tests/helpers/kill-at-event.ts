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

/**
 * The same, again and again in one life of what is started: at the event `first` and at each `every`th after it. With each `first` up to
 * `every` there is a kill at each of its events, for as few starts. Answers how often it was killed.
 */
export async function killAtEvents<T>(
  daemon: RealDaemon,
  { first, every }: { readonly first: number; readonly every: number },
  { start, counts, isLast }: KillAtEvent<T>,
): Promise<{ started: T; kills: number }> {
  const after = (await daemon.client.daemon.status()).cursor;
  const started = await start();
  let seen = 0;
  let kills = 0;
  // The stream goes on through each restart, from where it stood.
  for await (const event of daemon.client.events({ after })) {
    if (!('subject' in event) || !counts(event, started)) continue;
    seen += 1;
    const isOver = isLast(event);
    if (seen >= first + kills * every) {
      kills += 1;
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.kill();
      await daemon.again();
    }
    if (isOver) break;
  }
  return { started, kills };
}
