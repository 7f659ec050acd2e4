// Contract and handlers become a dispatcher: look up, authorise, parse, run, encode.
import type { JSONRPCRequest, JSONRPCResponse } from 'json-rpc-2.0';
import { type MethodName, methods, type OwnParamsOf, type ResultOf } from '../schemas/contract.ts';
import type { Access, Method } from '../schemas/define.ts';
import { type ErrorKind, Failure, isFailure, type WireError } from '../schemas/errors.ts';
import { BoundCall, type Call } from './bound-call.ts';
import type { BoundMethod, Dispatcher, Incoming } from './dispatcher.ts';
import { JsonText } from './json-text.ts';
import { nearest } from './nearest.ts';
import { parseParams } from './params.ts';
import { failureToWire, internalToWire } from './wire-error.ts';

export type { Call } from './bound-call.ts';
export type { Dispatcher } from './dispatcher.ts';
export { JsonText } from './json-text.ts';

export type Handler<M extends MethodName, C> = (
  params: OwnParamsOf<M>,
  call: Call<C>,
) => ResultOf<M> | JsonText | Promise<ResultOf<M> | JsonText>;

export type Handlers<C> = { readonly [M in MethodName]: Handler<M, C> };

export type Around<C> = (call: Call<C>, run: () => unknown) => unknown;
export type Observe = (durationMs: number, kind: ErrorKind | undefined) => void;

export interface BindOptions<C> {
  /** What the caller may do. `public` methods are open to everybody. */
  access(context: C): ReadonlySet<Access>;
  /** Runs around every handler: the place for receipts of repeated calls, and for refusing while stopping. Made once a method. */
  around?(method: MethodName): Around<C>;
  /** Told after each call of a known method. Made once a method. */
  observe?(method: MethodName): Observe;
  /** Logs a bug and returns the reference by which the log finds it. */
  onInternal(error: unknown, call: Call<C>): string;
  /** Checks each result against the contract: for tests, since it costs as much as the call. */
  checkResults?: boolean;
  newCallId(): string;
}

export type MethodTable = Readonly<Record<string, Method>>;
export type HandlerTable<C> = Readonly<Record<string, (params: never, call: Call<C>) => unknown>>;

export function bind<C>(handlers: Handlers<C>, options: BindOptions<C>): Dispatcher<C> {
  return bindTable(methods, handlers, options);
}

/** The same for any table of methods; every method needs its handler. */
export function bindTable<C>(table: MethodTable, handlers: HandlerTable<C>, options: BindOptions<C>): Dispatcher<C> {
  const names = Object.keys(table);
  const bound = new Map<string, BoundMethod<C>>();
  for (const name of names) {
    const handler = handlers[name];
    if (handler === undefined) throw new Error(`"${name}" has no handler.`);
    bound.set(name, new TableMethod(name as MethodName, table[name]!, handler, options));
  }
  // A name that is no method reads nothing and writes nothing.
  const unknown: BoundMethod<C> = { isRead: true, answer: (request) => notFound(request, names) };
  return { find: (method) => bound.get(method) ?? unknown };
}

type AnyHandler<C> = (params: never, call: Call<C>) => unknown;

/** No function is made for a call that is answered at once: there are hundreds of thousands a second. */
class TableMethod<C> implements BoundMethod<C> {
  readonly isRead: boolean;
  readonly #name: MethodName;
  readonly #method: Method;
  readonly #handler: AnyHandler<C>;
  readonly #options: BindOptions<C>;
  readonly #around: Around<C> | undefined;
  readonly #observe: Observe | undefined;

  constructor(name: MethodName, method: Method, handler: AnyHandler<C>, options: BindOptions<C>) {
    this.isRead = method.effect === 'read';
    this.#name = name;
    this.#method = method;
    this.#handler = handler;
    this.#options = options;
    this.#around = options.around?.(name);
    this.#observe = options.observe?.(name);
  }

  answer(request: JSONRPCRequest, incoming: Incoming<C>): JSONRPCResponse | Promise<JSONRPCResponse> {
    const startedAt = this.#observe === undefined ? 0 : performance.now();
    const call = new BoundCall<C>(this.#name, incoming, this.#options.newCallId);
    let result: unknown;
    try {
      result = this.#run(request, incoming, call);
    } catch (error) {
      return this.#fail(call, incoming, request, startedAt, error);
    }
    if (!isPromise(result)) return this.#finish(call, incoming, request, startedAt, result);
    return result.then(
      (value) => this.#finish(call, incoming, request, startedAt, value),
      (error: unknown) => this.#fail(call, incoming, request, startedAt, error),
    );
  }

  #run(request: JSONRPCRequest, incoming: Incoming<C>, call: BoundCall<C>): unknown {
    authorise(this.#name, this.#method.access, this.#options.access(incoming.context));
    const params = takeCallFields(parseParams(this.#name, this.#method, request.params ?? {}), call);
    if (this.#around === undefined) return this.#handler(params as never, call);
    return this.#around(call, () => this.#handler(params as never, call));
  }

  #finish(call: BoundCall<C>, incoming: Incoming<C>, request: JSONRPCRequest, startedAt: number, result: unknown): JSONRPCResponse {
    let text: JsonText;
    try {
      if (this.#options.checkResults) checkResult(this.#name, this.#method, result);
      text = encode(result);
    } catch (error) {
      return this.#fail(call, incoming, request, startedAt, error);
    }
    this.#observe?.(performance.now() - startedAt, undefined);
    return { jsonrpc: '2.0', id: request.id ?? null, result: text };
  }

  #fail(call: BoundCall<C>, incoming: Incoming<C>, request: JSONRPCRequest, startedAt: number, error: unknown): JSONRPCResponse {
    const told = toWire(error, incoming, call, this.#options);
    this.#observe?.(performance.now() - startedAt, told.data?.kind);
    return { jsonrpc: '2.0', id: request.id ?? null, error: told };
  }
}

function authorise(name: string, needed: Access, allowed: ReadonlySet<Access>): void {
  if (needed === 'public' || allowed.has(needed)) return;
  throw new Failure('FORBIDDEN', `"${name}" needs the scope "${needed}", which this caller does not have.`, {
    details: { method: name, missing: needed },
  });
}

/** Handlers never see the fields that every method has. */
function takeCallFields<C>(parsed: Record<string, unknown>, call: BoundCall<C>): Record<string, unknown> {
  const { progressToken, idempotencyKey } = parsed;
  let own = parsed;
  if (progressToken !== undefined || idempotencyKey !== undefined) {
    const { progressToken: _token, idempotencyKey: _key, ...rest } = parsed;
    own = rest;
    if (progressToken !== undefined) call.progressToken = progressToken as string | number;
    if (idempotencyKey !== undefined) call.idempotencyKey = idempotencyKey as string;
  }
  call.params = own;
  return own;
}

function encode(result: unknown): JsonText {
  return result instanceof JsonText ? result : new JsonText(JSON.stringify(result) ?? 'null');
}

function checkResult(name: string, method: Method, result: unknown): void {
  const plain: unknown = JSON.parse(encode(result).text);
  const checked = method.result.safeParse(plain);
  if (!checked.success) throw new Error(`The result of "${name}" breaks the contract.`, { cause: checked.error });
}

function toWire<C>(error: unknown, incoming: Incoming<C>, call: BoundCall<C>, options: BindOptions<C>): WireError {
  if (incoming.aborted) return failureToWire(new Failure('CANCELLED', `"${call.method}" was cancelled.`));
  if (isFailure(error) && error.kind !== 'INTERNAL') return failureToWire(error);
  return internalToWire(options.onInternal(error, call));
}

function notFound(request: JSONRPCRequest, names: readonly string[]): JSONRPCResponse {
  const suggestions = nearest(request.method, names);
  const meant = suggestions[0] === undefined ? '' : ` Did you mean "${suggestions[0]}"?`;
  const message = `"${request.method.slice(0, 128)}" is not a method.${meant}`;
  return {
    jsonrpc: '2.0',
    id: request.id ?? null,
    error: failureToWire(new Failure('METHOD_NOT_FOUND', message, { details: { suggestions } })),
  };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
