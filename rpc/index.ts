// The half that both sides need, loaded without zod. The daemon takes bind, openrpc and websocket by their paths.
export { type Api, type ApiCall, type CallFunction, createApi } from './call.ts';
export type { Dispatcher, Incoming } from './dispatcher.ts';
export { JsonText } from './json-text.ts';
export { type LocalErrorCode, RpcClientError } from './local-error.ts';
export { createMemoryPair } from './memory-transport.ts';
export type { CallOptions } from './outgoing-calls.ts';
export { Peer, type PeerOptions } from './peer.ts';
export { isChallenge, proofOf } from './proof.ts';
export { safeEqual } from './safe-equal.ts';
export type { CloseReason, DetachedSocket, Transport, TransportHandlers } from './transport.ts';
export { connectUnix, type UnixTransport, unixTransport } from './unix-socket.ts';
export { RemoteFailure } from './wire-error.ts';
