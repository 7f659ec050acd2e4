// Contract and handlers become a dispatcher: look up, authorise, parse, run, encode.
import type { JSONRPCRequest, JSONRPCResponse } from 'json-rpc-2.0';
import { type MethodName, methods, type OwnParamsOf, type ResultOf } from '../schemas/contract.ts';
import type { Access, Method } from '../schemas/define.ts';
import { type ErrorKind, Failure, isFailure, type WireError } from '../schemas/errors.ts';
import { BoundCall, type Call } from './bound-call.ts';
import type { Dispatcher, Incoming } from './dispatcher.ts';
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

export interface BindOptions<C> {
  /** What the caller may do. `public` methods are open to everybody. */
  access(context: C): ReadonlySet<Access>;
  /** Runs around every handler: the place for receipts of repeated calls, and for refusing while stopping. */
  around?(call: Call<C>, run: () => unknown): unknown;
  /** Told after each call of a known method. */
  observe?(method: MethodName, durationMs: number, kind: ErrorKind | undefined): void;
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
  const reads = new Set(names.filter((name) => table[name]?.effect === 'read'));
  const bound = new Map<string, Answering<C>>();
  for (const name of names) {
    const handler = handlers[name];
    if (handler === undefined) throw new Error(`"${name}" has no handler.`);
    bound.set(name, answering(name as MethodName, table[name]!, handler, options));
  }
  return {
    receive: (request, incoming) => bound.get(request.method)?.(request, incoming) ?? notFound(request, names),
    // A name that is no method reads nothing and writes nothing.
    isRead: (method) => reads.has(method) || !Object.hasOwn(table, method),
  };
}

type AnyHandler<C> = (params: never, call: Call<C>) => unknown;
type Answering<C> = (request: JSONRPCRequest, incoming: Incoming<C>) => JSONRPCResponse | Promise<JSONRPCResponse>;

function answering<C>(name: MethodName, method: Method, handler: AnyHandler<C>, options: BindOptions<C>): Answering<C> {
  const { around, observe, newCallId } = options;

  const run = (request: JSONRPCRequest, incoming: Incoming<C>, call: BoundCall<C>): unknown => {
    authorise(name, method.access, options.access(incoming.context));
    const params = takeCallFields(parseParams(name, method, request.params ?? {}), call);
    if (around === undefined) return handler(params as never, call);
    return around.call(options, call, () => handler(params as never, call));
  };
  const succeed = (request: JSONRPCRequest, result: unknown): JSONRPCResponse => {
    if (options.checkResults) checkResult(name, method, result);
    return { jsonrpc: '2.0', id: request.id ?? null, result: encode(result) };
  };

  return (request, incoming) => {
    const startedAt = observe === undefined ? 0 : performance.now();
    const call = new BoundCall<C>(name, incoming, newCallId);
    const done = (response: JSONRPCResponse): JSONRPCResponse => {
      observe?.call(options, name, performance.now() - startedAt, (response.error as WireError | undefined)?.data?.kind);
      return response;
    };
    const fail = (error: unknown): JSONRPCResponse =>
      done({ jsonrpc: '2.0', id: request.id ?? null, error: toWire(error, incoming, call, options) });
    const finish = (result: unknown): JSONRPCResponse => {
      let response: JSONRPCResponse;
      try {
        response = succeed(request, result);
      } catch (error) {
        return fail(error);
      }
      return done(response);
    };
    let result: unknown;
    try {
      result = run(request, incoming, call);
    } catch (error) {
      return fail(error);
    }
    return isPromise(result) ? result.then(finish, fail) : finish(result);
  };
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
