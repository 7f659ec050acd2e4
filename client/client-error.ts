// The two families of errors a caller sees: a Failure crossed the wire and has a kind, an RpcClientError happened here and has a code.
import { type LocalErrorCode, RpcClientError } from '../rpc/local-error.ts';

export { type LocalErrorCode, RpcClientError } from '../rpc/local-error.ts';

const localCodes: readonly LocalErrorCode[] = ['NOT_CONNECTED', 'TIMEOUT', 'CLOSED', 'BAD_RESULT'];

/** True also for an error that another copy of this module made. */
export function isRpcClientError(error: unknown): error is RpcClientError {
  return error instanceof Error && error.name === 'RpcClientError' && 'code' in error && localCodes.includes(error.code as LocalErrorCode);
}

export function notConnected(sentence: string, cause?: unknown): RpcClientError {
  return new RpcClientError('NOT_CONNECTED', sentence, cause === undefined ? {} : { cause });
}
