// Follows one session from a cursor to its end, through restarts of the daemon.
import type { EventData, ResultOf } from '../../schemas/index.ts';
import type { Client } from '../client.ts';
import { reading } from './reading.ts';

export type SessionRecord = ResultOf<'session.get'>;

/** What a follower shows while it waits. */
export interface FollowView {
  sessionStarted?(data: EventData<'session.started'>): void;
  stepStarted?(data: EventData<'step.started'>): void;
  stepFinished?(data: EventData<'step.finished'>): void;
}

const endStates: readonly string[] = ['succeeded', 'failed', 'cancelled', 'lost'];

export function hasEnded(session: { status: string }): boolean {
  return endStates.includes(session.status);
}

/** The record of the ended session, or undefined when `signal` came first. */
export async function followSession(
  client: Client,
  sessionId: string,
  options: { after: string; view: FollowView; signal?: AbortSignal },
): Promise<SessionRecord | undefined> {
  const { after, view, signal } = options;
  const stream = client.events({
    after,
    subject: { sessionId },
    types: ['session.*', 'step.*'],
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const event of stream) {
    if (event.type === 'session.started') view.sessionStarted?.(event.data);
    else if (event.type === 'step.started') view.stepStarted?.(event.data);
    else if (event.type === 'step.finished') view.stepFinished?.(event.data);
    else if (event.type === 'session.finished') return reading(() => client.session.get({ id: sessionId }));
    else if (event.type === 'stream.fresh' || event.type === 'stream.gap') {
      // What was missed may have been the end.
      const session = await reading(() => client.session.get({ id: sessionId }));
      if (hasEnded(session)) return session;
    }
  }
  return undefined;
}
