// The daemon's side of an agent host: one connection, and all events in order from a cursor on.
import { join } from 'node:path';
import { Peer } from '../../rpc/peer.ts';
import { connectUnix } from '../../rpc/unix-socket.ts';
import { createEventReader, readEvents } from './host/event-file.ts';
import { eventsFile, type HostEvent, HostEventLine, type HostMethods, type HostParams, socketFile } from './host/protocol.ts';

type Result<M extends keyof HostMethods> = HostMethods[M]['result']['_output'];

export interface HostClient {
  call<M extends keyof HostMethods>(method: M, params: HostParams<M>): Promise<Result<M>>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  /** Ends the connection, not the host. */
  end(): void;
}

export interface ConnectHost {
  readonly dir: string;
  /** The last event that is known. */
  readonly since: number;
  readonly onEvent: (event: HostEvent) => void;
}

const callMs = 20_000;

/** Rejects when no host answers. */
export async function connectHost({ dir, since, onEvent }: ConnectHost): Promise<HostClient> {
  const peer = new Peer(await connectUnix(join(dir, socketFile), { timeoutMs: callMs }));
  peer.onNotification('event', (params) => {
    const { data } = HostEventLine.safeParse(params);
    if (data) onEvent(data as HostEvent);
  });
  const call = (method: string, params: unknown) => peer.call(method, params, { timeoutMs: callMs });
  await call('subscribe', { since });
  return { call: (method, params) => call(method, params) as Promise<never>, closed: peer.closed, end: () => peer.close() };
}

/** What a host has written so far, for one who asks again and again. */
export function hostEventReader(dir: string): ReturnType<typeof createEventReader> {
  return createEventReader(join(dir, eventsFile));
}

/** What a host left that is gone. */
export function readHostEvents(dir: string, since: number): HostEvent[] {
  return readEvents(join(dir, eventsFile), since);
}
