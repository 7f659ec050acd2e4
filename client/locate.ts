// Where a daemon's things are, from the environment alone. The daemon has the same rules; protocol.md is what both follow.
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../schemas/limits.ts';
import { notConnected } from './client-error.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface Locations {
  readonly socketPath: string;
  /** Somebody named the socket; no other is tried. */
  readonly socketChosen: boolean;
  /** COPPICE_HOME is set: an instance of its own, which no unit of systemd serves. */
  readonly ownHome: boolean;
  readonly runDir: string;
  readonly stateDir: string;
  readonly endpointPath: string;
  readonly lockPath: string;
  readonly logPath: string;
  readonly configPath: string;
  /** Where the units of the user's own service manager are. */
  readonly unitDir: string;
}

export interface LocateOptions {
  readonly env: Env;
  readonly home: string;
  readonly socketPath?: string | undefined;
}

export function locate({ env, home, socketPath }: LocateOptions): Locations {
  const root = env.COPPICE_HOME || undefined;
  if (root !== undefined) assertAbsolute('COPPICE_HOME', root);
  const xdg = (variable: string, fallback: string): string => absolute(env[variable]) ?? join(home, fallback);
  const stateDir = root ? join(root, 'state') : join(xdg('XDG_STATE_HOME', '.local/state'), 'coppice');
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  const runDir = root ? join(root, 'run') : runtime ? join(runtime, 'coppice') : join(stateDir, 'run');
  const chosen = socketPath ?? (env.COPPICE_SOCKET || undefined);
  if (chosen !== undefined) assertAbsolute('The socket path', chosen);
  const path = chosen ?? join(runDir, 'coppice.sock');
  assertSocketPath(path);
  return {
    socketPath: path,
    socketChosen: chosen !== undefined,
    ownHome: root !== undefined,
    runDir,
    stateDir,
    endpointPath: join(stateDir, 'endpoint.json'),
    lockPath: join(stateDir, 'daemon.lock'),
    logPath: join(stateDir, 'coppiced.log'),
    configPath: root ? join(root, 'config', 'config.toml') : join(xdg('XDG_CONFIG_HOME', '.config'), 'coppice', 'config.toml'),
    unitDir: join(xdg('XDG_CONFIG_HOME', '.config'), 'systemd', 'user'),
  };
}

/** What a running daemon tells about itself in its state directory. */
export interface Endpoint {
  readonly pid: number;
  readonly bootId: string;
  readonly version: string;
  readonly socketPath: string;
  readonly webSocket?: { readonly port: number };
  readonly secret?: string;
}

/** Undefined when there is no such file. A file that another user could have written is refused: it says where tokens are sent. */
export function readEndpoint(path: string): Endpoint | undefined {
  const text = readOwnFile(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notConnected(`The file "${path}" is not JSON; remove it and start the daemon again.`, cause);
  }
  const endpoint = value as Partial<Endpoint> | null;
  if (typeof endpoint?.socketPath !== 'string' || typeof endpoint.pid !== 'number') {
    throw notConnected(`The file "${path}" names no socket and process; remove it and start the daemon again.`);
  }
  assertAbsolute(`The socket path in "${path}"`, endpoint.socketPath);
  assertSocketPath(endpoint.socketPath);
  return endpoint as Endpoint;
}

function readOwnFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notConnected(`The file "${path}" cannot be read; check who owns it.`, cause);
  }
  try {
    const { uid, mode } = fstatSync(file);
    if (uid !== process.geteuid?.()) throw notConnected(`The file "${path}" belongs to another user, so it is not trusted; remove it.`);
    if ((mode & 0o077) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(4, '0');
      throw notConnected(`The file "${path}" has mode ${found}, but only its owner may read or write it; run chmod 600 on it.`);
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** XDG says to ignore what is not absolute. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}

function assertAbsolute(what: string, path: string): void {
  if (!path.startsWith('/')) throw notConnected(`${what} "${path}" is not absolute; give it from the root, like /run/x.`);
}

/** The kernel's name field is that long, and Node cuts a longer path silently: two daemons would then share a name. */
function assertSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= limits.socketPathBytes) return;
  throw notConnected(
    `The socket path "${path}" has ${bytes} bytes, but a Unix socket path may have ${limits.socketPathBytes}; set COPPICE_SOCKET or COPPICE_HOME to a shorter one.`,
  );
}
