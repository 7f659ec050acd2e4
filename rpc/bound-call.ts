import type { MethodName } from '../schemas/contract.ts';
import type { Incoming } from './dispatcher.ts';

/** What a handler knows of the call it answers. */
export interface Call<C> {
  /** Aborted when the caller cancels; for reads also when the connection closes. */
  readonly signal: AbortSignal;
  readonly context: C;
  readonly callId: string;
  readonly method: MethodName;
  readonly idempotencyKey?: string;
  /** As the handler gets them. */
  readonly params: unknown;
  /** Tells the caller how far the call is, when it gave a progress token. */
  progress(value: unknown): void;
}

/** Makes what costs something (signal, id) on first use: most calls need neither. */
export class BoundCall<C> implements Call<C> {
  readonly method: MethodName;
  idempotencyKey?: string;
  progressToken?: string | number;
  params: unknown = undefined;
  readonly #incoming: Incoming<C>;
  readonly #newCallId: () => string;
  #callId: string | undefined;

  constructor(method: MethodName, incoming: Incoming<C>, newCallId: () => string) {
    this.method = method;
    this.#incoming = incoming;
    this.#newCallId = newCallId;
  }

  get signal(): AbortSignal {
    return this.#incoming.signal;
  }

  get context(): C {
    return this.#incoming.context;
  }

  get callId(): string {
    this.#callId ??= this.#newCallId();
    return this.#callId;
  }

  progress(value: unknown): void {
    if (this.progressToken !== undefined) this.#incoming.progress(this.progressToken, value);
  }
}
