// The public face of the client library, `coppice/client`. It loads neither zod nor the daemon.
/// <reference types="node" preserve="true" />
export type { Api, ApiCall } from '../rpc/call.ts';
export type { CallOptions } from '../rpc/outgoing-calls.ts';
export { type ErrorDetails, type ErrorKind, errorTable, Failure, isFailure } from '../schemas/errors.ts';
export type { Client, ClientCore } from './client.ts';
export { isRpcClientError, type LocalErrorCode, RpcClientError } from './client-error.ts';
export { type ConnectOptions, connect } from './connect.ts';
export type { Hello } from './dial.ts';
export type { ClientEvent, EventStreamOptions, StreamItem, StreamMarker } from './event-stream.ts';
export { type Endpoint, type Locations, locate, readEndpoint } from './locate.ts';
