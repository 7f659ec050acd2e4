import type { JSONRPCRequest, JSONRPCResponse } from 'json-rpc-2.0';

/** One call that came in, as the peer hands it to the dispatcher. */
export interface Incoming<C> {
  readonly context: C;
  /** Aborted when the caller cancels, and for reads also when the connection closes. Made on first use. */
  readonly signal: AbortSignal;
  /** The same, without making the signal. */
  readonly aborted: boolean;
  progress(token: string | number, value: unknown): void;
}

/** Runs the methods of this side. A peer without one answers METHOD_NOT_FOUND to everything. */
export interface Dispatcher<C> {
  /** A name that is no method gets one as well, which says so. */
  find(method: string): BoundMethod<C>;
}

export interface BoundMethod<C> {
  /** Its answer has no use when the connection is gone, and nothing is lost by giving it up. */
  readonly isRead: boolean;
  /** Answers at once what needs no waiting. For a notification the answer is dropped. */
  answer(request: JSONRPCRequest, incoming: Incoming<C>): JSONRPCResponse | Promise<JSONRPCResponse>;
}
