// One client: who it is, what it subscribed to, and when it is too slow to keep.
import type { Dispatcher } from '../../rpc/bind.ts';
import { Peer } from '../../rpc/peer.ts';
import type { SharedText } from '../../rpc/shared-text.ts';
import type { DetachedSocket, Transport } from '../../rpc/transport.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Caller } from '../auth/caller.ts';
import type { Outlet, Subscription } from '../events/subscription.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Deadlines } from '../kernel/deadline.ts';
import type { Log } from '../kernel/log.ts';
import type { Connection, Upgrade } from './connection.ts';

export interface ClientDeps {
  readonly dispatcher: Dispatcher<Connection>;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ClientOptions {
  readonly id: string;
  readonly transport: Transport;
  readonly caller: Caller;
  readonly helloMs?: number | undefined;
  /** The socket goes on in another protocol. */
  readonly upgraded: (serve: Upgrade, detached: DetachedSocket, connection: Connection) => void;
}

/** A class, since every call looks at it: objects that each have getters of their own are slow to look at when there are many of them. */
export class ClientConnection implements Connection, Outlet {
  readonly id: string;
  readonly subscriptions = new Map<string, Subscription>();
  readonly #deps: ClientDeps;
  readonly #upgraded: ClientOptions['upgraded'];
  readonly #peer: Peer<Connection>;
  #caller: Caller;
  #isStuck = false;

  constructor(deps: ClientDeps, { id, transport, caller, helloMs, upgraded }: ClientOptions) {
    this.id = id;
    this.#deps = deps;
    this.#upgraded = upgraded;
    this.#caller = caller;
    this.#peer = new Peer<Connection>(transport, {
      dispatcher: deps.dispatcher,
      context: this,
      ...(helloMs === undefined ? {} : { helloMs }),
      onListenerError: (error, method) => deps.log.error({ err: error, method }, 'a listener failed'),
    });
    this.#peer.onDrain(() => this.#onDrain());
    this.#watchExpiry();
    void this.#peer.closed.then(() => this.#onClosed());
  }

  /** Resolves when it is gone, whoever ended it. */
  get closed(): Promise<void> {
    return this.#peer.closed;
  }

  get outlet(): Outlet {
    return this;
  }

  get caller(): Caller {
    return this.#caller;
  }

  set caller(next: Caller) {
    this.#caller = next;
    this.#watchExpiry();
  }

  get unsentBytes(): number {
    return this.#peer.unsentBytes;
  }

  sendText(text: string): void {
    this.#peer.notifyText(text);
    this.#watchReading();
  }

  sendAround(before: string, shared: SharedText, after: string): void {
    this.#peer.notifyAround(before, shared, after);
    this.#watchReading();
  }

  #watchReading(): void {
    if (this.#peer.unsentBytes <= limits.unsentBytes || this.#isStuck) return;
    this.#isStuck = true;
    const { deadlines, clock } = this.#deps;
    deadlines.set(this.#stuckKey, clock.now() + limits.stuckConnectionMs, () => this.close('nothing was read for too long'));
  }

  close(reason: string, code = 1008): void {
    this.#peer.close({ code, message: reason });
  }

  upgrade(serve: Upgrade): void {
    if (this.#peer.detachWhenIdle((detached) => this.#upgraded(serve, detached, this))) return;
    throw new Failure('PRECONDITION', 'This connection can not change its protocol; make the call on the Unix socket.', {
      details: { reason: 'no_socket' },
    });
  }

  get #stuckKey(): string {
    return `connection:${this.id}`;
  }

  get #expiryKey(): string {
    return `caller:${this.id}`;
  }

  #watchExpiry(): void {
    const { deadlines } = this.#deps;
    const { expiresAt } = this.#caller;
    if (expiresAt === undefined) deadlines.clear(this.#expiryKey);
    else deadlines.set(this.#expiryKey, expiresAt, () => this.close('the token has expired'));
  }

  #onDrain(): void {
    this.#isStuck = false;
    this.#deps.deadlines.clear(this.#stuckKey);
    for (const subscription of this.subscriptions.values()) subscription.pump();
  }

  #onClosed(): void {
    const { deadlines } = this.#deps;
    deadlines.clear(this.#stuckKey);
    deadlines.clear(this.#expiryKey);
    for (const subscription of this.subscriptions.values()) subscription.close();
  }
}
