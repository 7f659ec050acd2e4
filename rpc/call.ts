// `api.session.start({…})` for every method of the contract, without code for any of them.
import type { MethodName, ParamsOf, ResultOf } from '../schemas/contract.ts';
import type { CallOptions } from './outgoing-calls.ts';

type Noun = MethodName extends infer M ? (M extends `${infer N}.${string}` ? N : never) : never;
type VerbOf<N extends Noun> = MethodName extends infer M ? (M extends `${N}.${infer V}` ? V : never) : never;
type Named<N extends Noun, V extends string> = `${N}.${V}` extends infer M extends MethodName ? M : never;

/** Parameters may be left out where none is required. */
export type ApiCall<M extends MethodName> =
  Record<never, never> extends ParamsOf<M>
    ? (params?: ParamsOf<M>, options?: CallOptions) => Promise<ResultOf<M>>
    : (params: ParamsOf<M>, options?: CallOptions) => Promise<ResultOf<M>>;

export type Api = { readonly [N in Noun]: { readonly [V in VerbOf<N>]: ApiCall<Named<N, V>> } };

export type CallFunction = (method: string, params: unknown, options?: CallOptions) => Promise<unknown>;

export function createApi(call: CallFunction): Api {
  return namespace((noun) =>
    namespace((verb) => (params: unknown, options?: CallOptions) => call(`${noun}.${verb}`, params, options)),
  ) as Api;
}

/** An object that makes its members when they are asked for. `then` is none of them, or `await` would take it for a promise. */
function namespace(make: (name: string) => unknown): unknown {
  const made = new Map<string, unknown>();
  return new Proxy(Object.freeze({}), {
    get(_target, name) {
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined;
      if (!made.has(name)) made.set(name, make(name));
      return made.get(name);
    },
  });
}
