import { packageVersion } from '../rpc/package-info.ts';
import { type Client, createClient } from './client.ts';
import { type DialSettings, dial } from './dial.ts';
import type { Dial } from './event-stream.ts';
import { type Env, locate } from './locate.ts';

export interface ConnectOptions {
  /** Default: COPPICE_SOCKET, else the usual place, else what endpoint.json names. */
  readonly socketPath?: string | undefined;
  /** Start a daemon when none answers; never with COPPICE_NO_AUTOSTART=1 nor from inside a session. Default: false. */
  readonly autoStart?: boolean;
  /** How the daemon's log calls this client. */
  readonly clientName?: string;
  readonly clientVersion?: string;
  /** Default: COPPICE_TOKEN, which processes inside a session have. */
  readonly token?: string;
  /** Default: the environment of this process. */
  readonly env?: Env;
  readonly signal?: AbortSignal;
  /** How long a daemon that went away is waited for. Default: 30 s. */
  readonly reconnectMs?: number;
  /** Go on with a daemon that shares no protocol version: enough for daemon.status and daemon.stop. */
  readonly anyProtocol?: boolean;
  /** Told once, in a sentence, when a daemon had to be started. */
  readonly onNotice?: (sentence: string) => void;
}

const reconnectMsDefault = 30_000;

export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const env = options.env ?? process.env;
  const settings = settingsOf(options, env, env.HOME ?? (await import('node:os')).homedir());
  const first = await dial(settings, { start: options.autoStart ?? false, signal: options.signal });
  // The environment outlives this call; a daemon that was stopped on purpose is not started by us again.
  const redial: Dial = ({ again, signal }) =>
    dial(settings, { signal, persistMs: again ? (options.reconnectMs ?? reconnectMsDefault) : 0 });
  return createClient(first, redial);
}

function settingsOf(options: ConnectOptions, env: Env, home: string): DialSettings {
  const token = options.token ?? (env.COPPICE_TOKEN || undefined);
  return {
    env,
    token,
    locations: locate({ env, home, socketPath: options.socketPath }),
    client: { name: options.clientName ?? 'coppice-client', version: options.clientVersion ?? packageVersion() },
    anyProtocol: options.anyProtocol ?? false,
    onNotice: options.onNotice ?? (() => undefined),
  };
}
