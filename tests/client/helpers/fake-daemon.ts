// A daemon of the same contract whose answers a test scripts. Its event log outlives its restarts, as the real one does.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bind, type Handlers } from '../../../rpc/bind.ts';
import { Peer } from '../../../rpc/peer.ts';
import { unixTransport } from '../../../rpc/unix-socket.ts';
import { type Event, Failure, methods, type Subject } from '../../../schemas/index.ts';
import { FakeSubscription } from './fake-subscription.ts';

export interface FakeContext {
  peer: Peer<FakeContext>;
}
export type Script = Partial<Handlers<FakeContext>>;

export const ids = {
  project: 'prj_00000000000000000000000001',
  session: 'ses_00000000000000000000000001',
  group: 'grp_00000000000000000000000001',
  step: (index: number) => `stp_0000000000000000000000000${index}`,
};
export const at = '2026-01-02T03:04:05.678Z';

export class FakeDaemon implements AsyncDisposable {
  readonly home: string;
  readonly socketPath: string;
  readonly log: Event[] = [];
  readonly calls: { method: string; params: unknown }[] = [];
  /** Events before this number are pruned. */
  oldest = 1;
  epoch = 'e1';
  boots = 0;
  script: Script;
  readonly #peers = new Set<Peer<FakeContext>>();
  readonly #subscriptions = new Set<FakeSubscription>();
  readonly #waiting: { until(): boolean; resolve(): void }[] = [];
  #server: Server | undefined;

  constructor(script: Script = {}) {
    this.home = mkdtempSync(join(tmpdir(), 'copcli-'));
    this.socketPath = join(this.home, 'run', 'coppice.sock');
    this.script = script;
  }

  static async started(script: Script = {}): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(script);
    await daemon.start();
    return daemon;
  }

  get env(): Record<string, string> {
    return { COPPICE_HOME: this.home, COPPICE_NO_AUTOSTART: '1', HOME: this.home, PATH: process.env.PATH ?? '' };
  }

  get connections(): number {
    return this.#peers.size;
  }

  get cursor(): string {
    return `${this.epoch}:${this.log.at(-1)?.seq ?? 0}`;
  }

  async start(): Promise<void> {
    mkdirSync(join(this.home, 'run'), { recursive: true, mode: 0o700 });
    this.boots += 1;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const context = {} as FakeContext;
      const peer = new Peer<FakeContext>(unixTransport(socket), { dispatcher: this.#dispatcher(), context });
      context.peer = peer;
      this.#peers.add(peer);
      void peer.closed.then(() => {
        this.#peers.delete(peer);
        this.#check();
      });
      this.#check();
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
  }

  /** As a crash looks to clients: every connection breaks and nobody listens. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    for (const peer of this.#peers) peer.close();
    this.#subscriptions.clear();
    await closed;
  }

  emit(type: string, data: unknown, subject: Subject = { sessionId: ids.session }): void {
    this.log.push({ seq: this.log.length + 1, at, type, subject, actor: 'owner', data });
    for (const subscription of this.#subscriptions) subscription.pump();
  }

  emitEphemeral(type: string, data: unknown, subject: Subject = { sessionId: ids.session }): void {
    for (const subscription of this.#subscriptions) subscription.ephemeral({ at, type, subject, actor: 'daemon', data });
  }

  /** Waits for a state that calls and connections bring about. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push({ until: condition, resolve }));
  }

  called(method: string): Promise<void> {
    return this.until(() => this.calls.some((call) => call.method === method));
  }

  subscriptions(): readonly FakeSubscription[] {
    return [...this.#subscriptions];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  #dispatcher() {
    const table = Object.fromEntries(
      Object.keys(methods).map((name) => [
        name,
        (params: never, call: never) => {
          const handler = { ...this.#defaults(), ...this.script }[name as 'daemon.ping'] as
            | ((params: never, call: never) => unknown)
            | undefined;
          this.calls.push({ method: name, params });
          this.#check();
          if (handler === undefined) throw new Failure('UNAVAILABLE', `"${name}" is not scripted.`, { retryable: false });
          return handler(params, call);
        },
      ]),
    );
    return bind<FakeContext>(table as unknown as Handlers<FakeContext>, {
      access: () => new Set(['public', 'session', 'read', 'operate', 'approve', 'admin'] as const),
      onInternal: (error) => {
        throw error;
      },
      checkResults: true,
      newCallId: () => 'call',
    });
  }

  #defaults(): Script {
    return {
      'daemon.hello': () => ({
        protocolVersion: 1,
        daemon: { version: '0.1.0', pid: process.pid, bootId: `boot${this.boots}`, startedAt: at },
        capabilities: {},
        scopes: ['admin'],
        cursor: this.cursor,
      }),
      'daemon.ping': () => ({ pid: process.pid }),
      'project.add': ({ path }) => ({ id: ids.project, name: 'shop', path, createdAt: at }),
      'event.subscribe': (params, call) => {
        const subscription = new FakeSubscription(this, call.context.peer, params);
        this.#subscriptions.add(subscription);
        queueMicrotask(() => this.#check());
        void call.context.peer.closed.then(() => this.#subscriptions.delete(subscription));
        // The answer goes first.
        setImmediate(() => subscription.pump());
        return subscription.opening(params.initial);
      },
    };
  }

  #check(): void {
    for (const entry of [...this.#waiting]) {
      if (!entry.until()) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.resolve();
    }
  }
}
