// Where a daemon and its clients meet, from the environment alone. Both sides go by these rules, so they stand here once.
import { join } from 'node:path';
import { limits } from '../schemas/limits.ts';

export interface PlaceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** A socket that somebody named; it wins over COPPICE_SOCKET. */
  readonly socketPath?: string | undefined;
}

export interface Places {
  /** COPPICE_HOME is set: an instance of its own. */
  readonly ownHome: boolean;
  /** Somebody named the socket. */
  readonly socketChosen: boolean;
  readonly socketPath: string;
  readonly runDir: string;
  readonly stateDir: string;
  readonly dataDir: string;
  readonly configDir: string;
  readonly configPath: string;
  readonly lockPath: string;
  readonly endpointPath: string;
  readonly logPath: string;
}

/** COPPICE_HOME replaces every XDG folder; an empty variable is none, and XDG says to ignore what is not absolute. */
export function placesOf({ env, home, socketPath }: PlaceOptions): Places {
  const root = env.COPPICE_HOME || undefined;
  const folder = (variable: string, fallback: string, own: string): string =>
    root ? join(root, own) : join(absolute(env[variable]) ?? join(home, fallback), 'coppice');
  const stateDir = folder('XDG_STATE_HOME', '.local/state', 'state');
  const configDir = folder('XDG_CONFIG_HOME', '.config', 'config');
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  const runDir = root ? join(root, 'run') : runtime ? join(runtime, 'coppice') : join(stateDir, 'run');
  const chosen = socketPath ?? (env.COPPICE_SOCKET || undefined);
  return {
    ownHome: root !== undefined,
    socketChosen: chosen !== undefined,
    socketPath: chosen ?? join(runDir, 'coppice.sock'),
    runDir,
    stateDir,
    dataDir: folder('XDG_DATA_HOME', '.local/share', 'data'),
    configDir,
    configPath: join(configDir, 'config.toml'),
    lockPath: join(stateDir, 'daemon.lock'),
    endpointPath: join(stateDir, 'endpoint.json'),
    logPath: join(stateDir, 'coppiced.log'),
  };
}

/** Why a socket can not be at a path, as a sentence; undefined when it can. */
export function socketPathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return `The socket path "${path}" is not absolute; give it from the root, like /run/x.`;
  const bytes = Buffer.byteLength(path);
  if (bytes <= limits.socketPathBytes) return undefined;
  // The kernel's field is that long and Node cuts a longer path silently: two daemons would then share a name.
  return `The socket path "${path}" has ${bytes} bytes, but a Unix socket path may have ${limits.socketPathBytes}; set COPPICE_SOCKET or COPPICE_HOME to a shorter one.`;
}

function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}
