export type LocalErrorCode = 'NOT_CONNECTED' | 'TIMEOUT' | 'CLOSED' | 'BAD_RESULT';

/** What went wrong on this side of the wire. Errors that crossed it are Failures and carry a kind; these carry a code. */
export class RpcClientError extends Error {
  override readonly name = 'RpcClientError';
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
