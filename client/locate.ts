// Where a client finds its daemon.
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlaceOptions, type Places, placesOf, socketPathProblem } from '../rpc/places.ts';
import { notConnected } from './client-error.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface Locations extends Places {
  /** Where the units of the user's own service manager are. */
  readonly unitDir: string;
}

export function locate(options: PlaceOptions): Locations {
  const { COPPICE_HOME: root, XDG_CONFIG_HOME: config } = options.env;
  if (root) assertAbsolute('COPPICE_HOME', root);
  const places = placesOf(options);
  assertSocketPath(places.socketPath);
  return { ...places, unitDir: join(config?.startsWith('/') ? config : join(options.home, '.config'), 'systemd', 'user') };
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

function assertAbsolute(what: string, path: string): void {
  if (!path.startsWith('/')) throw notConnected(`${what} "${path}" is not absolute; give it from the root, like /run/x.`);
}

function assertSocketPath(path: string): void {
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw notConnected(problem);
}
