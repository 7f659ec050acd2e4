// One JSON-RPC 2.0 endpoint over a transport: both sides may call, notify and answer.
import { Failure } from '../schemas/errors.ts';
import { limits } from '../schemas/limits.ts';
import type { Dispatcher } from './dispatcher.ts';
import { notificationText, Refusal, type RequestMessage, type ResponseMessage, sortMessage } from './envelope.ts';
import { Batch, IncomingCalls } from './incoming-calls.ts';
import { Listeners } from './listeners.ts';
import { type CallOptions, OutgoingCalls } from './outgoing-calls.ts';
import type { SharedText } from './shared-text.ts';
import type { CloseReason, DetachedSocket, Transport } from './transport.ts';

export interface PeerOptions<C> {
  /** Runs the calls of the other side; without one they are METHOD_NOT_FOUND. */
  readonly dispatcher?: Dispatcher<C>;
  /** Who the other side is. Handed to every call as it is, so its owner may change what is in it. */
  readonly context?: C;
  /** Closes the connection unless `daemon.hello` has succeeded within this time. */
  readonly helloMs?: number;
  /** A listener threw; the others have run. */
  onListenerError?(error: unknown, method: string): void;
}

export class Peer<C = undefined> {
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #transport: Transport;
  readonly #incoming: IncomingCalls<C>;
  readonly #outgoing: OutgoingCalls;
  readonly #listeners: Listeners;
  #resolveClosed: () => void = () => undefined;
  #isClosed = false;
  /** The other side says nothing more; what it asked is still answered. */
  #isEnding = false;
  #helloTimer: NodeJS.Timeout | undefined;
  #stuckTimer: NodeJS.Timeout | undefined;
  /** Gets the socket when no call is in flight any more. */
  #take: ((detached: DetachedSocket) => void) | undefined;

  constructor(transport: Transport, options: PeerOptions<C> = {}) {
    this.#transport = transport;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#listeners = new Listeners(options.onListenerError);
    this.#outgoing = new OutgoingCalls((text) => transport.send(text));
    this.#incoming = new IncomingCalls<C>({
      dispatcher: options.dispatcher,
      context: options.context as C,
      send: (text) => this.#answer(text),
      ...(options.helloMs !== undefined && { succeeded: (method: string) => this.#onSuccess(method) }),
      // Later: a call that is answered at once may stand amid others that came with it.
      idle: () => {
        if (this.#isEnding || this.#take !== undefined) process.nextTick(() => this.#closeWhenDone());
      },
    });
    if (options.helloMs !== undefined) this.#helloTimer = setTimeout(() => this.#helloIsLate(), options.helloMs).unref();
    transport.start({
      message: (text) => this.#onMessage(text),
      fault: (kind, message) => this.#giveUp(new Failure(kind, message)),
      drain: () => this.#onDrain(),
      ended: () => this.#onEnded(),
      close: () => this.#onClose(),
    });
  }

  /** Rejects with a Failure that came over the wire, or an RpcClientError made here. */
  call(method: string, params?: unknown, options?: CallOptions): Promise<unknown> {
    return this.#outgoing.call(method, params, options);
  }

  notify(method: string, params: unknown): void {
    if (!this.#isClosed) this.#transport.send(notificationText(method, params));
  }

  /** Sends a whole message that is serialised already, without a line feed, as when many connections get the same one. */
  notifyText(jsonLine: string): void {
    if (!this.#isClosed) this.#transport.send(jsonLine);
  }

  /** The same for a message whose middle many connections get. */
  notifyAround(before: string, shared: SharedText, after: string): void {
    if (this.#isClosed) return;
    if (shared.isLong && this.#transport.sendAround !== undefined) this.#transport.sendAround(before, shared, after);
    else this.#transport.send(before + shared.text + after);
  }

  /** Returns its undo. A notification with a listener is not dispatched as a method. */
  onNotification(method: string, fn: (params: unknown) => void): () => void {
    return this.#listeners.add(method, fn);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get unsentBytes(): number {
    return this.#transport.unsentBytes;
  }

  onDrain(fn: () => void): () => void {
    return this.#listeners.addDrain(fn);
  }

  /** What was sent still leaves. Pending calls end as CLOSED at once. */
  close(reason?: CloseReason): void {
    this.#settleAll();
    this.#transport.close(reason);
  }

  /**
   * Hands the socket to another protocol as soon as every call of the other side is answered, which waits for that before it changes its
   * language. False where there is no socket to hand over.
   */
  detachWhenIdle(take: (detached: DetachedSocket) => void): boolean {
    if (this.#transport.detach === undefined) return false;
    this.#take = take;
    this.#closeWhenDone();
    return true;
  }

  #onMessage(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      const failure = new Failure('PARSE_ERROR', 'A message is not JSON.');
      if (this.#transport.survivesBadJson) this.#incoming.refuse(null, failure, undefined);
      else this.#giveUp(failure);
      return;
    }
    if (Array.isArray(message)) this.#onBatch(message);
    else this.#onOne(message, undefined);
  }

  #onBatch(messages: readonly unknown[]): void {
    if (messages.length === 0) {
      this.#incoming.refuse(null, new Failure('INVALID_REQUEST', 'A batch must not be empty.'), undefined);
    } else if (messages.length > limits.batchRequests) {
      const details = { limit: 'batchRequests', value: limits.batchRequests };
      const failure = new Failure('LIMIT_EXCEEDED', `A batch has at most ${limits.batchRequests} messages.`, { details });
      this.#incoming.refuse(null, failure, undefined);
    } else {
      const batch = new Batch((text) => this.#answer(text));
      for (const message of messages) this.#onOne(message, batch);
      batch.complete();
    }
  }

  #onOne(message: unknown, batch: Batch | undefined): void {
    const sort = sortMessage(message);
    if (sort === 'request') {
      this.#incoming.request(message as RequestMessage, batch);
    } else if (sort === 'response') {
      this.#outgoing.receive(message as ResponseMessage);
    } else if (sort === 'notification') {
      this.#onNotification(message as RequestMessage);
    } else if (sort instanceof Refusal) {
      batch?.expect();
      this.#incoming.refuse(sort.id, sort.failure, batch);
    }
  }

  #onNotification(message: RequestMessage): void {
    const { method } = message;
    const params = message.params ?? {};
    if (method === '$/cancelRequest') this.#incoming.cancel((params as { id?: unknown }).id);
    else if (method === '$/progress') this.#listeners.guard(method, () => this.#outgoing.progress(params));
    else if (!this.#listeners.tell(method, params)) this.#incoming.notification(message);
  }

  /** A client that takes no answers gets no further ones made: its requests stay where they are until it reads. */
  #answer(text: string): void {
    const transport = this.#transport;
    transport.send(text);
    if (this.#stuckTimer !== undefined || this.#isClosed || transport.pause === undefined) return;
    if (transport.unsentBytes <= limits.unsentBytes) return;
    transport.pause();
    this.#stuckTimer = setTimeout(() => this.close({ code: 1008, message: 'Nothing was read for too long.' }), limits.stuckConnectionMs);
    this.#stuckTimer.unref();
  }

  #onDrain(): void {
    if (this.#stuckTimer !== undefined) {
      clearTimeout(this.#stuckTimer);
      this.#stuckTimer = undefined;
      this.#transport.resume?.();
    }
    this.#listeners.tellDrain();
  }

  #onSuccess(method: string): void {
    if (method === 'daemon.hello') clearTimeout(this.#helloTimer);
  }

  #helloIsLate(): void {
    this.close({ code: 1008, message: 'daemon.hello did not come in time.' });
  }

  #giveUp(failure: Failure): void {
    this.#incoming.refuse(null, failure, undefined);
    this.close({ code: failure.kind === 'LIMIT_EXCEEDED' ? 1009 : 1002, message: failure.message });
  }

  #onEnded(): void {
    this.#isEnding = true;
    this.#outgoing.close();
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#incoming.count > 0 || this.#isClosed) return;
    const take = this.#take;
    this.#take = undefined;
    if (take !== undefined) take(this.#transport.detach?.() as DetachedSocket);
    else if (this.#isEnding) this.close();
  }

  #onClose(): void {
    this.#settleAll();
    this.#resolveClosed();
  }

  #settleAll(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#helloTimer);
    clearTimeout(this.#stuckTimer);
    this.#outgoing.close();
    this.#incoming.close();
  }
}
