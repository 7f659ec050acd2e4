import type { Call as RpcCall, Handler as RpcHandler } from '../../rpc/bind.ts';
import type { DetachedSocket, Transport } from '../../rpc/transport.ts';
import type { MethodName } from '../../schemas/contract.ts';
import type { Caller } from '../auth/caller.ts';
import type { Outlet, Subscription } from '../events/subscription.ts';
import type { Origin, ReceiptSlot } from '../kernel/origin.ts';

/** What the daemon knows of one connection. */
export interface Connection {
  readonly id: string;
  readonly outlet: Outlet;
  /** hello with a token changes it. */
  caller: Caller;
  readonly subscriptions: Map<string, Subscription>;
  close(reason: string): void;
  /** Another protocol goes on with its socket when its calls are answered. Throws PRECONDITION where there is no socket to take. */
  upgrade(serve: Upgrade): void;
}

/** Serves a socket in another protocol; `open` makes a connection in this process, of the same caller. */
export type Upgrade = (detached: DetachedSocket, open: () => Transport) => Upgraded;

export interface Upgraded {
  readonly closed: Promise<void>;
  close(reason: string): void;
}

export type Call = RpcCall<Connection>;

/** The handlers of one noun: a method of the contract that has none here does not compile. */
export type HandlersOf<Noun extends string> = {
  readonly [M in MethodName as M extends `${Noun}.${string}` ? M : never]: RpcHandler<M, Connection>;
};

const slots = new WeakMap<Call, ReceiptSlot>();

/** Keeps the receipt that a call leaves, for the handler to find. */
export function setReceipt(call: Call, slot: ReceiptSlot): void {
  slots.set(call, slot);
}

export function originOf(call: Call): Origin {
  return { actor: call.context.caller.actor, receipt: slots.get(call) };
}
