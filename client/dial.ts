// One connection that has said hello, and how to get one: who is tried, who is waited for, and when a daemon is started.
import { readFileSync, statSync } from 'node:fs';
import { Peer } from '../rpc/peer.ts';
import type { Transport } from '../rpc/transport.ts';
import { connectUnix } from '../rpc/unix-socket.ts';
import { isFailure } from '../schemas/errors.ts';
import type { ResultOf } from '../schemas/index.ts';
import { protocol } from '../schemas/protocol.ts';
import { isRpcClientError, notConnected } from './client-error.ts';
import { type Env, type Locations, readEndpoint } from './locate.ts';
import type { Starting } from './start-daemon.ts';

export type Hello = ResultOf<'daemon.hello'>;

export interface Connection {
  readonly peer: Peer;
  readonly transport: Transport;
  readonly socketPath: string;
  readonly hello: Hello;
}

export interface DialSettings {
  readonly locations: Locations;
  readonly env: Env;
  readonly client: { readonly name: string; readonly version: string };
  readonly token: string | undefined;
  readonly anyProtocol: boolean;
  onNotice(sentence: string): void;
}

export interface DialOptions {
  readonly signal?: AbortSignal | undefined;
  /** Start a daemon when none runs. */
  readonly start?: boolean;
  /** Keep trying for this long whatever it looks like: a daemon was there a moment ago. */
  readonly persistMs?: number;
}

const helloMs = 30_000;
/** A daemon that holds its lock but does not answer is starting or stopping. */
const graceMs = 5_000;
const startMs = 20_000;
const firstWaitMs = 10;
const longestWaitMs = 250;

export async function dial(settings: DialSettings, options: DialOptions = {}): Promise<Connection> {
  const { locations, env } = settings;
  const begunMs = uptimeMs();
  let starting: Starting | undefined;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 1.5, longestWaitMs)) {
    options.signal?.throwIfAborted();
    const failure = await tryOnce(settings, options.signal);
    if ('peer' in failure) return failure;
    const waitedMs = uptimeMs() - begunMs;
    const failed = starting?.failure();
    if (failed !== undefined)
      throw notConnected(`The daemon was started ${starting?.how}, but it ended at once (${failed}).`, failure.cause);
    const held = lockIsHeld(locations.lockPath);
    if (starting?.lostRace() && !held) starting = undefined;
    const patienceMs = starting ? startMs : Math.max(options.persistMs ?? 0, held ? graceMs : 0);
    if (waitedMs >= patienceMs) {
      if (starting !== undefined || !options.start) throw unreachable(settings, starting, failure);
      const { autoStartForbidden, startDaemon } = await import('./start-daemon.ts');
      const forbidden = autoStartForbidden(env);
      if (forbidden !== undefined) throw notConnected(`No daemon answers on "${locations.socketPath}", and ${forbidden}.`, failure.cause);
      starting = await startDaemon(locations, env);
      settings.onNotice(`No daemon was running; started one ${starting.how}.`);
    }
    // Only who waits pays for loading it.
    const { setTimeout: delay } = await import('node:timers/promises');
    await delay(waitMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** What was tried and is worth trying again. Anything else is thrown. */
interface Unanswered {
  readonly cause: unknown;
}

async function tryOnce(settings: DialSettings, signal: AbortSignal | undefined): Promise<Connection | Unanswered> {
  const { locations } = settings;
  const first = await tryPath(settings, locations.socketPath, signal);
  if ('peer' in first || locations.socketChosen) return first;
  const other = readEndpoint(locations.endpointPath)?.socketPath;
  if (other === undefined || other === locations.socketPath) return first;
  const second = await tryPath(settings, other, signal);
  return 'peer' in second ? second : first;
}

async function tryPath(settings: DialSettings, path: string, signal: AbortSignal | undefined): Promise<Connection | Unanswered> {
  try {
    const transport = await connectUnix(path, signal === undefined ? {} : { signal });
    return await greet(settings, path, transport, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (isFailure(cause) && cause.retryable) return { cause };
    if (!isRpcClientError(cause)) throw cause;
    const code = (cause.cause as NodeJS.ErrnoException | undefined)?.code;
    if (code === 'EACCES' || code === 'EPERM') throw notConnected(`The socket "${path}" may not be opened by this user.`, cause);
    if (code === 'ENOTSOCK') throw notConnected(`"${path}" is not a socket.`, cause);
    if (cause.code === 'CLOSED' || cause.code === 'NOT_CONNECTED') return { cause };
    throw cause;
  }
}

async function greet(
  settings: DialSettings,
  socketPath: string,
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const peer = new Peer(transport);
  const leave = (): void => peer.close();
  signal?.addEventListener('abort', leave);
  const params = {
    protocolVersion: { min: protocol.min, max: protocol.max },
    client: settings.client,
    ...(settings.token === undefined ? {} : { token: settings.token }),
  };
  try {
    const hello = await peer.call('daemon.hello', params, { timeoutMs: helloMs });
    return { peer, transport, socketPath, hello: hello as Hello };
  } catch (error) {
    if (settings.anyProtocol && isFailure(error) && error.kind === 'INCOMPATIBLE') {
      return { peer, transport, socketPath, hello: await stranger(peer) };
    }
    peer.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

/** Who a daemon is that speaks another protocol: `daemon.status` stays understood for ever. */
async function stranger(peer: Peer): Promise<Hello> {
  const { daemon, cursor } = (await peer.call('daemon.status', {}, { timeoutMs: helloMs })) as ResultOf<'daemon.status'>;
  return { protocolVersion: protocol.max, daemon, capabilities: {}, scopes: [], cursor };
}

function unreachable({ locations }: DialSettings, starting: Starting | undefined, { cause }: Unanswered): Error {
  if (isFailure(cause)) return cause;
  const path = locations.socketPath;
  if (starting === undefined) return notConnected(`No daemon answers on "${path}"; start one with "coppice daemon start".`, cause);
  return notConnected(`The daemon was started ${starting.how}, but nothing answers on "${path}" after ${startMs / 1000} s.`, cause);
}

/** `performance` would load a module of Node for this alone. */
function uptimeMs(): number {
  return process.uptime() * 1000;
}

/** Linux tells who holds file locks. Elsewhere, and without a lock file, nobody is known to. */
function lockIsHeld(lockPath: string): boolean {
  try {
    const { ino } = statSync(lockPath);
    return readFileSync('/proc/locks', 'latin1').includes(`:${ino} `);
  } catch {
    return false;
  }
}
