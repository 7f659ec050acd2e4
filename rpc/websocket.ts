// The WebSocket listener on the loopback addresses: everything is refused before the upgrade that can be.
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { limits } from '../schemas/limits.ts';
import type { Transport } from './transport.ts';
import { chooseSubprotocol, type GuardOptions, type HttpRefusal, judgePlain, judgeUpgrade } from './websocket-guard.ts';
import { webSocketTransport } from './websocket-transport.ts';

export { connectWebSocket } from './websocket-client.ts';

export interface WebSocketServerOptions<C> {
  /** 0 lets the system choose; `listen` tells. */
  readonly port: number;
  /** The first must be there; a machine without IPv6 lacks the second. */
  readonly hosts?: readonly string[];
  allowedOrigins(): readonly string[];
  /** Who the token stands for; undefined refuses it. Compares in constant time. */
  authenticate(token: string): C | undefined;
  /** What `GET /proof` answers to a challenge. */
  proof(challengeHex: string): string;
  onConnection(transport: Transport, context: C): void;
  readonly maxConnections?: number;
  /** How long a request may take to arrive. */
  readonly headersMs?: number;
}

export interface WebSocketListener {
  listen(): Promise<{ port: number }>;
  /** Ends listening and every connection. */
  close(): Promise<void>;
}

const portTries = 8;
const closeGraceMs = 1_000;

export function createWebSocketServer<C>(options: WebSocketServerOptions<C>): WebSocketListener {
  const hosts = options.hosts ?? ['127.0.0.1', '::1'];
  let servers: Server[] = [];
  const upgrader = createUpgrader();
  const guard = { port: options.port, allowedOrigins: () => options.allowedOrigins() };

  return {
    async listen() {
      for (let tries = portTries; ; tries -= 1) {
        try {
          servers = await listenOn(hosts, options.port, () => createHttpServer(options, guard, upgrader));
          guard.port = portOf(servers[0]!);
          return { port: guard.port };
        } catch (error) {
          // The system chose a port that is free on the first address only.
          if (options.port !== 0 || tries === 0 || codeOf(error) !== 'EADDRINUSE') throw error;
        }
      }
    },
    async close() {
      for (const client of upgrader.clients) client.close(1001, 'The daemon is stopping.');
      const timer = setTimeout(() => {
        for (const client of upgrader.clients) client.terminate();
      }, closeGraceMs);
      await Promise.all(servers.map(closeServer));
      clearTimeout(timer);
    },
  };
}

function createUpgrader(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    handleProtocols: chooseSubprotocol,
  });
}

function createHttpServer<C>(options: WebSocketServerOptions<C>, guard: GuardOptions, upgrader: WebSocketServer): Server {
  const maxConnections = options.maxConnections ?? limits.webSocketConnections;
  const headersMs = options.headersMs ?? limits.webSocketHeadersMs;
  const server = createServer({
    headersTimeout: headersMs,
    requestTimeout: headersMs,
    connectionsCheckingInterval: Math.min(1_000, headersMs),
    keepAliveTimeout: headersMs,
    maxHeaderSize: limits.headerBytes,
    // The guard answers a missing Host as it answers a wrong one.
    requireHostHeader: false,
  });
  // Beyond the upgraded ones, some that only ask for a proof or are refused.
  server.maxConnections = maxConnections * 2;
  server.on('request', (request, response) => answerPlain(request, response, options, guard));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const verdict = judgeUpgrade(request, guard);
    if ('status' in verdict) return refuseUpgrade(socket, verdict);
    const context = authenticate(options, verdict.token);
    if ('status' in context) return refuseUpgrade(socket, context);
    if (upgrader.clients.size >= maxConnections) {
      return refuseUpgrade(socket, { status: 503, message: `More than ${maxConnections} connections.` });
    }
    upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      options.onConnection(webSocketTransport(webSocket, socket), context.context);
    });
  });
  return server;
}

function authenticate<C>(options: WebSocketServerOptions<C>, token: string): { context: C } | HttpRefusal {
  try {
    const context = options.authenticate(token);
    return context === undefined ? { status: 401, message: 'The token is wrong, expired or revoked.' } : { context };
  } catch {
    return { status: 503, message: 'Tokens can not be checked at the moment.' };
  }
}

function answerPlain<C>(request: IncomingMessage, response: ServerResponse, options: WebSocketServerOptions<C>, guard: GuardOptions): void {
  const verdict = judgePlain(request, guard);
  const [status, body] = 'status' in verdict ? [verdict.status, `${verdict.message}\n`] : [200, options.proof(verdict.challenge)];
  response.writeHead(status, {
    ...extraHeaders(status),
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: status === 426 ? 'Upgrade, close' : 'close',
  });
  response.end(body);
}

function refuseUpgrade(socket: Duplex, refusal: HttpRefusal): void {
  const body = `${refusal.message}\n`;
  const headers = { ...extraHeaders(refusal.status), Connection: 'close', 'Content-Type': 'text/plain', 'Content-Length': body.length };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${body}`);
}

function extraHeaders(status: number): Record<string, string> {
  if (status === 426) return { Upgrade: 'websocket' };
  return status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
}

/** One port on every address. What was opened is closed again when one of them fails. */
async function listenOn(hosts: readonly string[], wantedPort: number, create: () => Server): Promise<Server[]> {
  const servers: Server[] = [];
  let port = wantedPort;
  try {
    for (const [index, host] of hosts.entries()) {
      const server = create();
      try {
        await listenOne(server, port, host);
      } catch (error) {
        if (index > 0 && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error) ?? '')) continue;
        throw error;
      }
      servers.push(server);
      port = portOf(server);
    }
    return servers;
  } catch (error) {
    await Promise.all(servers.map(closeServer));
    throw error;
  }
}

function listenOne(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, ipv6Only: host.includes(':') }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
