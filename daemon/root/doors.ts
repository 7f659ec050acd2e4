// The ways in: Unix socket and WebSocket, and the files by which clients find them. Opened last, so that no client sees a half-started
// daemon.
import { unlinkSync } from 'node:fs';
import { bind, type Dispatcher } from '../../rpc/bind.ts';
import { proofOf } from '../../rpc/proof.ts';
import type { Transport } from '../../rpc/transport.ts';
import { createWebSocketServer } from '../../rpc/websocket.ts';
import { methods } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { type Caller, owner } from '../auth/caller.ts';
import { createHandlers } from '../handlers/index.ts';
import type { Services } from '../handlers/services.ts';
import { createKeyedQueue } from '../kernel/keyed-queue.ts';
import type { Lifecycle } from '../kernel/lifecycle.ts';
import { storageTold } from '../kernel/storage.ts';
import type { Connection } from '../server/connection.ts';
import { type Connections, createConnections } from '../server/connections.ts';
import { createOnce } from '../server/once.ts';
import { adoptUnix, listenUnix } from '../server/unix-listener.ts';
import { readOwnFile, writeOwnFile } from '../tools/own-files.ts';
import type { DaemonOptions } from './options.ts';
import type { Tools } from './tools.ts';

/** Calls in flight that must end before the daemon does. */
export interface CallGate {
  refuse(): void;
  idle(): Promise<void>;
  readonly running: number;
}

/** These answer while the daemon stops, so that one can see that it does. */
const whileStopping: readonly string[] = ['daemon.hello', 'daemon.ping', 'daemon.status', 'daemon.stop'];

export function createDispatcher(options: DaemonOptions, services: Services): { dispatcher: Dispatcher<Connection>; gate: CallGate } {
  const { log } = options.log;
  const { store, metrics, ids } = services;
  const once = createOnce(store, createKeyedQueue());
  const running = new Set<Promise<unknown>>();
  let refusing = false;
  const dispatcher = bind<Connection>(createHandlers(services), {
    access: (connection) => connection.caller.access,
    newCallId: () => ids.next('call'),
    ...(options.checkResults === undefined ? {} : { checkResults: options.checkResults }),
    observe(method) {
      const operation = `rpc.${method}`;
      return (durationMs, kind) => {
        metrics.observe(operation, durationMs, kind !== undefined);
        log.debug({ method, durationMs, kind }, 'call');
      };
    },
    onInternal(error, call) {
      log.error({ err: error, method: call.method, ref: call.callId }, 'a call failed by a bug');
      return call.callId;
    },
    around(method) {
      const answersToTheEnd = whileStopping.includes(method);
      const assertOpen = (): void => {
        if (refusing && !answersToTheEnd) throw new Failure('SHUTTING_DOWN', 'The daemon is stopping; call again when it is back.');
      };
      if (methods[method].effect === 'read') {
        return (_call, run) => {
          assertOpen();
          return run();
        };
      }
      return (call, run) => {
        assertOpen();
        const work = once(call, async () => run()).catch((error: unknown) => Promise.reject(storageTold(error)));
        running.add(work);
        const done = (): void => void running.delete(work);
        work.then(done, done);
        return work;
      };
    },
  });
  const gate = {
    refuse: () => {
      refusing = true;
    },
    idle: async () => void (await Promise.allSettled(running)),
    get running() {
      return running.size;
    },
  };
  return { dispatcher, gate };
}

export interface Doors {
  readonly connections: Connections;
  readonly webSocketPort: number | undefined;
}

export interface DoorDeps {
  readonly options: DaemonOptions;
  readonly tools: Tools;
  readonly services: Services;
  readonly dispatcher: Dispatcher<Connection>;
  readonly lifecycle: Lifecycle;
}

export async function openDoors({ options, tools, services, dispatcher, lifecycle }: DoorDeps): Promise<Doors> {
  const { paths, clock, uid, pid, version } = options;
  const { log } = options.log;
  const { feed, ids, auth, config, daemon } = services;
  const connections = createConnections({ dispatcher, feed, deadlines: tools.deadlines, clock, ids, log });
  lifecycle.own('connections', () => connections.close('The daemon is stopping.'));
  const secret = ids.random(40);
  const port = config.current.websocket.enabled ? await openWebSocket() : undefined;
  const listening = {
    onConnection: (transport: Transport): void => connections.accept(transport, owner),
    onError: (error: Error): void => log.error({ err: error }, 'the Unix socket failed'),
  };
  const { listenFd } = options;
  const socket = await (listenFd === undefined
    ? listenUnix({ socketPath: paths.socketPath, uid, ...listening })
    : adoptUnix({ fd: listenFd, ...listening }));
  lifecycle.own('Unix socket', () => socket.close());
  const endpoint = {
    pid,
    bootId: daemon.bootId,
    version,
    socketPath: paths.socketPath,
    ...(port === undefined ? {} : { webSocket: { port }, secret }),
  };
  writeOwnFile(paths.endpointPath, `${JSON.stringify(endpoint)}\n`);
  lifecycle.own('endpoint file', () => unlinkSync(paths.endpointPath));
  return { connections, webSocketPort: port };

  async function openWebSocket(): Promise<number> {
    const server = createWebSocketServer<Caller>({
      port: config.current.websocket.port,
      allowedOrigins: () => config.current.websocket.allowed_origins,
      authenticate: (token) => auth.callerOf(token),
      proof: (challenge) => proofOf(secret, challenge),
      onConnection: (transport, caller) => connections.accept(transport, caller, { helloMs: limits.webSocketHelloMs }),
      maxConnections: limits.webSocketConnections,
      headersMs: limits.webSocketHeadersMs,
    });
    const listening = await server.listen();
    lifecycle.own('WebSocket', () => server.close());
    return listening.port;
  }
}

/** The owner's token: made at the first start, read anew each time so that replacing the file rotates it. */
export function createOwnerToken({ paths, uid }: DaemonOptions, newSecret: () => string): () => string {
  if (readOwnFile(paths.tokenPath, uid) === undefined) writeOwnFile(paths.tokenPath, `${newSecret()}\n`);
  return () => readOwnFile(paths.tokenPath, uid)?.trim() || newSecret();
}
