// The calls that the other side makes: what is in flight, batches, cancelling, and the one answer that each gets.
import type { JSONRPCRequest, JSONRPCResponse } from 'json-rpc-2.0';
import { Failure } from '../schemas/errors.ts';
import { limits } from '../schemas/limits.ts';
import type { BoundMethod, Dispatcher, Incoming } from './dispatcher.ts';
import { errorText, type MessageId, notificationText, type RequestMessage, resultText } from './envelope.ts';
import { failureToWire, internalToWire } from './wire-error.ts';

export interface IncomingCallsOptions<C> {
  readonly dispatcher: Dispatcher<C> | undefined;
  readonly context: C;
  send(text: string): void;
  /** A call was answered with a result. */
  succeeded?(method: string): void;
  /** The last call in flight is over. */
  idle(): void;
}

/** Gathers the answers of one batch and sends them together. */
export class Batch {
  readonly #send: (text: string) => void;
  readonly #texts: string[] = [];
  #waiting = 0;
  #complete = false;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  expect(): void {
    this.#waiting += 1;
  }

  add(text: string): void {
    this.#waiting -= 1;
    this.#texts.push(text);
    this.#flushWhenDone();
  }

  /** Every message of the batch has been looked at. */
  complete(): void {
    this.#complete = true;
    this.#flushWhenDone();
  }

  #flushWhenDone(): void {
    if (this.#complete && this.#waiting === 0 && this.#texts.length > 0) this.#send(`[${this.#texts.join(',')}]`);
  }
}

export class IncomingCalls<C> {
  readonly #options: IncomingCallsOptions<C>;
  /** Calls in flight. */
  #count = 0;
  /** Those that can be cancelled: not answered yet, and with an id. */
  readonly #byId = new Map<MessageId, IncomingCall<C>>();
  /** Those whose handler has not come to its end yet. */
  readonly #running = new Set<IncomingCall<C>>();
  #closed = false;

  constructor(options: IncomingCallsOptions<C>) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  request(request: RequestMessage, batch: Batch | undefined): void {
    const id = request.id as MessageId;
    batch?.expect();
    if (this.#byId.has(id)) {
      this.refuse(id, new Failure('INVALID_REQUEST', `A call with the id ${JSON.stringify(id)} is in flight already.`), batch);
    } else if (this.#count >= limits.inFlightCallsPerConnection) {
      this.refuse(id, tooManyCalls(), batch);
    } else {
      this.#dispatch(request as JSONRPCRequest, batch);
    }
  }

  /** A notification that names a method runs it, and nobody learns how that went. */
  notification(request: RequestMessage): void {
    if (Array.isArray(request.params) || this.#count >= limits.inFlightCallsPerConnection) return;
    this.#dispatch(request as JSONRPCRequest, undefined);
  }

  /** The caller of a batch has told it to expect this answer. */
  refuse(id: MessageId, failure: Failure, batch: Batch | undefined): void {
    this.#send(errorText(id, failureToWire(failure)), batch);
  }

  /**
   * A read is answered at once. A mutation is told and answers by itself: whether it came too late is worth knowing, and CANCELLED must
   * not stand for something that was done.
   */
  cancel(id: unknown): void {
    const call = this.#byId.get(id as MessageId);
    if (call === undefined || call.aborted) return;
    const failure = new Failure('CANCELLED', 'The caller cancelled the call.');
    call.abort(failure);
    if (call.isRead) this.#answer(call, errorText(id as MessageId, failureToWire(failure)));
  }

  close(): void {
    this.#closed = true;
    for (const call of this.#running) {
      if (call.isRead) call.abort(new Failure('CANCELLED', 'The connection closed.'));
    }
  }

  #dispatch(request: JSONRPCRequest, batch: Batch | undefined): void {
    const method = this.#options.dispatcher?.find(request.method);
    this.#count += 1;
    const call = new IncomingCall(this.#options, request.id, batch, method?.isRead ?? true);
    const response = method === undefined ? null : answerOf(method, request, call);
    if (response !== null && 'then' in response) this.#wait(request, call, response);
    else this.#settle(request, call, response);
  }

  /** Only what is not answered at once is ever looked for: a Map that grows and shrinks for each call costs more than a small call. */
  #wait(request: JSONRPCRequest, call: IncomingCall<C>, response: Promise<JSONRPCResponse>): void {
    this.#running.add(call);
    if (call.id !== undefined && call.id !== null) this.#byId.set(call.id, call);
    const over = (answer: JSONRPCResponse): void => {
      this.#running.delete(call);
      this.#settle(request, call, answer);
    };
    response.then(over, () => over(brokenResponse(request)));
  }

  #settle(request: JSONRPCRequest, call: IncomingCall<C>, response: JSONRPCResponse | null): void {
    this.#count -= 1;
    call.over = true;
    if (call.id !== undefined && !call.answered) {
      this.#answer(call, responseText(call.id, request.method, response));
      if (response?.error === undefined && response !== null) this.#options.succeeded?.(request.method);
    }
    if (this.#count === 0) this.#options.idle();
  }

  #answer(call: IncomingCall<C>, text: string): void {
    call.answered = true;
    if (this.#byId.get(call.id as MessageId) === call) this.#byId.delete(call.id as MessageId);
    this.#send(text, call.batch);
  }

  #send(text: string, batch: Batch | undefined): void {
    if (this.#closed) return;
    if (batch === undefined) this.#options.send(text);
    else batch.add(text);
  }
}

class IncomingCall<C> implements Incoming<C> {
  readonly id: MessageId | undefined;
  readonly batch: Batch | undefined;
  readonly isRead: boolean;
  aborted = false;
  answered = false;
  /** The handler has returned. */
  over = false;
  readonly #options: IncomingCallsOptions<C>;
  #controller: AbortController | undefined;
  #reason: Failure | undefined;

  constructor(options: IncomingCallsOptions<C>, id: MessageId | undefined, batch: Batch | undefined, isRead: boolean) {
    this.#options = options;
    this.id = id;
    this.batch = batch;
    this.isRead = isRead;
  }

  get context(): C {
    return this.#options.context;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Failure): void {
    this.aborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  progress(token: string | number, value: unknown): void {
    if (!this.over && !this.answered) this.#options.send(notificationText('$/progress', { token, value }));
  }
}

function responseText(id: MessageId, method: string, response: JSONRPCResponse | null): string {
  if (response === null)
    return errorText(id, failureToWire(new Failure('METHOD_NOT_FOUND', `"${method.slice(0, 128)}" is no method here.`)));
  if (response.error !== undefined) return JSON.stringify({ jsonrpc: '2.0', id, error: response.error });
  return resultText(id, response.result);
}

function answerOf<C>(method: BoundMethod<C>, request: JSONRPCRequest, call: IncomingCall<C>): JSONRPCResponse | Promise<JSONRPCResponse> {
  try {
    return method.answer(request, call);
  } catch {
    return brokenResponse(request);
  }
}

function brokenResponse({ id = null }: JSONRPCRequest): JSONRPCResponse {
  return { jsonrpc: '2.0', id, error: internalToWire() };
}

function tooManyCalls(): Failure {
  const value = limits.inFlightCallsPerConnection;
  return new Failure('LIMIT_EXCEEDED', `More than ${value} calls are in flight on this connection; wait for answers.`, {
    details: { limit: 'inFlightCallsPerConnection', value },
  });
}
