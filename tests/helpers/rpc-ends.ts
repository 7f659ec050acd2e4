// A peer that answers, and a raw end that sends whatever text a test likes, over each kind of transport.
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Dispatcher } from '../../rpc/dispatcher.ts';
import { createMemoryPair } from '../../rpc/memory-transport.ts';
import { Peer, type PeerOptions } from '../../rpc/peer.ts';
import type { Transport } from '../../rpc/transport.ts';
import { unixTransport } from '../../rpc/unix-socket.ts';
import { createWebSocketServer } from '../../rpc/websocket.ts';
import { type TestContext, testContext, testDispatcher } from './rpc-table.ts';

/** Waits for a condition that no promise tells of. */
export function until(condition: () => unknown): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 10_000, interval: 2 });
}

/** Things that arrive one by one, for a test to wait for. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  push(item: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#items.push(item);
    else next(item);
  }

  next(): Promise<T> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift()!);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get size(): number {
    return this.#items.length;
  }
}

export interface RawEnd {
  send(text: string | Buffer): void;
  next(): Promise<unknown>;
  unread(): number;
  readonly closed: Promise<void>;
  close(): void;
}

export interface Stand extends AsyncDisposable {
  connect(): Promise<RawEnd>;
}

export type StandKind = 'memory' | 'unix lines' | 'unix headers' | 'WebSocket';
export const standKinds: readonly StandKind[] = ['memory', 'unix lines', 'unix headers', 'WebSocket'];

export interface StandOptions {
  readonly dispatcher?: Dispatcher<TestContext>;
  readonly context?: TestContext;
  readonly peer?: Partial<PeerOptions<TestContext>>;
  onPeer?(peer: Peer<TestContext>): void;
}

export async function createStand(kind: StandKind, options: StandOptions = {}): Promise<Stand> {
  const serve = (transport: Transport): void => {
    const peer = new Peer<TestContext>(transport, {
      dispatcher: options.dispatcher ?? testDispatcher(),
      context: options.context ?? testContext('read'),
      ...options.peer,
    });
    options.onPeer?.(peer);
  };
  if (kind === 'memory') return memoryStand(serve);
  if (kind === 'WebSocket') return await webSocketStand(serve);
  return await unixStand(serve, kind === 'unix headers');
}

function memoryStand(serve: (transport: Transport) => void): Stand {
  return {
    connect: async () => {
      const [near, far] = createMemoryPair();
      serve(far);
      const inbox = new Inbox<unknown>();
      const closed = new Promise<void>((resolve) => {
        near.start({
          message: (text) => inbox.push(JSON.parse(text)),
          fault: () => undefined,
          drain: () => undefined,
          close: () => resolve(),
        });
      });
      return { send: (text) => near.send(String(text)), ...reading(inbox), closed, close: () => near.close() };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function webSocketStand(serve: (transport: Transport) => void): Promise<Stand> {
  const server = createWebSocketServer({
    port: 0,
    allowedOrigins: () => [],
    authenticate: (token) => (token === 'token' ? true : undefined),
    proof: () => 'proof',
    onConnection: serve,
  });
  const { port } = await server.listen();
  return {
    connect: async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { authorization: 'Bearer token' } });
      const inbox = new Inbox<unknown>();
      socket.on('message', (data) => inbox.push(JSON.parse(String(data))));
      socket.on('error', () => undefined);
      const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
      await new Promise((resolve) => socket.once('open', resolve));
      return { send: (text) => socket.send(text, { binary: false }), ...reading(inbox), closed, close: () => socket.close() };
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export interface UnixPlace extends AsyncDisposable {
  readonly path: string;
  readonly server: Server;
}

/** A listening socket in a directory of its own. */
export async function listenUnix(onSocket: (socket: Socket) => void): Promise<UnixPlace> {
  const directory = await mkdtemp(join(tmpdir(), 'coppice-rpc-'));
  const path = join(directory, 's');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    server,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function unixStand(serve: (transport: Transport) => void, headers: boolean): Promise<Stand> {
  const place = await listenUnix((socket) => serve(unixTransport(socket)));
  return {
    connect: async () => await connectRaw(place.path, headers),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

/** A client that knows nothing of our code: it frames by hand. */
export async function connectRaw(path: string, headers: boolean): Promise<RawEnd> {
  const socket = createConnection({ path });
  const inbox = new Inbox<unknown>();
  let pending = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let body = cut(); body !== undefined; body = cut()) inbox.push(JSON.parse(body));
  });
  const cut = (): string | undefined => {
    const end = pending.indexOf(headers ? '\r\n\r\n' : '\n');
    if (end === -1) return undefined;
    const start = headers ? end + 4 : 0;
    const stop = headers ? start + Number(/\d+/.exec(pending.toString('latin1', 0, end))?.[0]) : end;
    if (stop > pending.length) return undefined;
    const body = pending.toString('utf8', start, stop);
    pending = pending.subarray(headers ? stop : stop + 1);
    return body;
  };
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    send: (text) => {
      const body = Buffer.from(text);
      socket.write(Buffer.concat(headers ? [Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body] : [body, Buffer.from('\n')]));
    },
    ...reading(inbox),
    closed,
    close: () => socket.destroy(),
  };
}

function reading(inbox: Inbox<unknown>): Pick<RawEnd, 'next' | 'unread'> {
  return {
    next: () => inbox.next(),
    unread: () => inbox.size,
  };
}
