// Decides over a request to the WebSocket port before anything is upgraded. Pure: it looks at a request and touches no socket.
import type { IncomingMessage } from 'node:http';
import { webSocketTokenPrefix } from '../schemas/protocol.ts';
import { isChallenge } from './proof.ts';

export interface GuardOptions {
  readonly port: number;
  allowedOrigins(): readonly string[];
}

/** Why a request is refused, as HTTP says it. */
export interface HttpRefusal {
  readonly status: 400 | 401 | 403 | 404 | 421 | 426 | 503;
  readonly message: string;
}

export type PlainVerdict = HttpRefusal | { readonly challenge: string };
export type UpgradeVerdict = HttpRefusal | { readonly token: string };

const plainSubprotocol = 'coppice';
const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

/** A request without upgrade: only the proof is answered. */
export function judgePlain(request: IncomingMessage, options: GuardOptions): PlainVerdict {
  const refusal = judgeSender(request, options);
  if (refusal !== undefined) return refusal;
  const { path, query } = target(request);
  if (request.method !== 'GET' || path !== '/proof') return refuse(426, 'This port speaks WebSocket only.');
  const parameters = new URLSearchParams(query);
  const challenges = parameters.getAll('challenge');
  const challenge = challenges[0];
  if (challenges.length !== 1 || parameters.size !== 1 || challenge === undefined || !isChallenge(challenge)) {
    return refuse(400, 'The query must be one challenge of 16 to 128 hex digits.');
  }
  return { challenge };
}

export function judgeUpgrade(request: IncomingMessage, options: GuardOptions): UpgradeVerdict {
  const refusal = judgeSender(request, options);
  if (refusal !== undefined) return refusal;
  if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    return refuse(426, 'This port speaks WebSocket only.');
  }
  const { path, query } = target(request);
  if (path !== '/') return refuse(404, 'The path is "/".');
  if (query !== undefined) return refuse(400, 'No query is allowed: a token in a URL ends up in logs.');
  const token = tokenOf(request);
  return token === undefined ? refuse(401, 'A token is needed.') : { token };
}

/**
 * The subprotocol to answer with: a browser closes a connection that chose none of those it offered. The plain name is preferred, since it
 * does not repeat the token.
 */
export function chooseSubprotocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(plainSubprotocol)) return plainSubprotocol;
  for (const name of offered) if (name.startsWith(webSocketTokenPrefix)) return name;
  return false;
}

/** A foreign Host is a rebound name; an Origin is a web page, which has no business here unless the owner listed it. */
function judgeSender(request: IncomingMessage, options: GuardOptions): HttpRefusal | undefined {
  const hosts = headerValues(request, 'host');
  const host = hosts[0]?.toLowerCase();
  if (hosts.length !== 1 || !loopbackNames.some((name) => host === `${name}:${options.port}`)) {
    return refuse(421, 'The Host must be a loopback name with the port of this daemon.');
  }
  const origins = headerValues(request, 'origin');
  if (origins.length === 0) return undefined;
  const allowed = origins.length === 1 && origins[0] !== 'null' && options.allowedOrigins().includes(origins[0] ?? '');
  return allowed ? undefined : refuse(403, 'This Origin is not on the list of allowed ones.');
}

function tokenOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return /^bearer +([^\s]+) *$/i.exec(authorization)?.[1];
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const tokens = offered.filter((name) => name.startsWith(webSocketTokenPrefix));
  return tokens.length === 1 ? tokens[0]?.slice(webSocketTokenPrefix.length) || undefined : undefined;
}

/** Node drops or joins repeated headers; the raw list has them all. */
function headerValues(request: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) values.push(request.rawHeaders[i + 1] ?? '');
  }
  return values;
}

function target(request: IncomingMessage): { path: string; query: string | undefined } {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: undefined } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

function refuse(status: HttpRefusal['status'], message: string): HttpRefusal {
  return { status, message };
}
