// The calls that this side makes. The library correlates answers; deadlines, cancelling and the two families of errors are ours.
import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0';
import { Failure } from '../schemas/errors.ts';
import { isWholeResponse, notificationText, type ResponseMessage } from './envelope.ts';
import { type LocalErrorCode, RpcClientError } from './local-error.ts';
import { wireToFailure } from './wire-error.ts';

export interface CallOptions {
  /** Asks the other side to cancel; the call then ends with its answer, CANCELLED unless that came too late. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onProgress?: (value: unknown) => void;
}

/** Tells an answer that this side made up from one that came in: no message of the wire holds an instance. */
type LocalAnswer = { readonly jsonrpc: '2.0'; readonly id: number; readonly error: RpcClientError };

export class OutgoingCalls {
  readonly #client: JSONRPCClient<string>;
  readonly #send: (text: string) => void;
  readonly #pending = new Set<number>();
  readonly #progress = new Map<string | number, (value: unknown) => void>();
  #closed = false;
  #lastId = 0;

  constructor(send: (text: string) => void) {
    this.#send = send;
    this.#client = new JSONRPCClient<string>((_request, text) => send(text));
  }

  async call(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    const { signal, timeoutMs, onProgress } = options;
    if (this.#closed) throw new RpcClientError('NOT_CONNECTED', `"${method}" was not sent: the connection is closed.`);
    if (signal?.aborted) throw new Failure('CANCELLED', `"${method}" was cancelled before it was sent.`, { cause: signal.reason });
    this.#lastId += 1;
    const id = this.#lastId;
    const ownParams = onProgress === undefined ? params : { ...(params as object | undefined), progressToken: id };
    const request = { jsonrpc: '2.0' as const, id, method, params: ownParams };
    const text = JSON.stringify(request);
    if (onProgress !== undefined) this.#progress.set(id, onProgress);
    this.#pending.add(id);
    const onAbort = signal && (() => this.#cancel(id));
    if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#timeOut(id, method, timeoutMs), timeoutMs);
    try {
      return unwrap(method, await this.#client.requestAdvanced(request, text));
    } finally {
      this.#pending.delete(id);
      this.#progress.delete(id);
      if (timer !== undefined) clearTimeout(timer);
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    }
  }

  /** An answer that nobody waits for is dropped. */
  receive(response: ResponseMessage): void {
    if (typeof response.id === 'number' && this.#pending.has(response.id)) this.#client.receive(response as JSONRPCResponse);
  }

  progress(params: unknown): void {
    if (typeof params !== 'object' || params === null) return;
    const { token, value } = params as { token?: unknown; value?: unknown };
    this.#progress.get(token as string | number)?.(value);
  }

  close(): void {
    this.#closed = true;
    for (const id of this.#pending) this.#settleLocally(id, 'CLOSED', 'The connection closed before the answer came.');
  }

  #cancel(id: number): void {
    if (this.#pending.has(id) && !this.#closed) this.#send(notificationText('$/cancelRequest', { id }));
  }

  #timeOut(id: number, method: string, timeoutMs: number): void {
    this.#cancel(id);
    this.#settleLocally(id, 'TIMEOUT', `"${method}" was not answered within ${timeoutMs} ms.`);
  }

  #settleLocally(id: number, code: LocalErrorCode, message: string): void {
    const answer: LocalAnswer = { jsonrpc: '2.0', id, error: new RpcClientError(code, message) };
    this.#client.receive(answer as unknown as JSONRPCResponse);
  }
}

function unwrap(method: string, response: JSONRPCResponse): unknown {
  const error: unknown = response.error;
  if (error instanceof RpcClientError) throw error;
  if (!isWholeResponse(response)) throw new RpcClientError('BAD_RESULT', `The answer to "${method}" is not as JSON-RPC 2.0 says.`);
  if (error === undefined) return response.result;
  throw wireToFailure(error) ?? new RpcClientError('BAD_RESULT', `The error that answers "${method}" is not as JSON-RPC 2.0 says.`);
}
