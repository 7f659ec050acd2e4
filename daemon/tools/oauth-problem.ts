// What can go wrong with an OAuth server, as plain data: an error of the library carries the body that it is about, tokens included.
import { OperationProcessingError, ResponseBodyError, UnsupportedOperationError, WWWAuthenticateChallengeError } from 'oauth4webapi';

export type OAuthProblem =
  /** An error of the protocol: it will be the same the next time. `error` is its code. */
  | { readonly kind: 'refused'; readonly error: string }
  /** The server, or the way to it, is out of order. */
  | { readonly kind: 'unreachable'; readonly message: string };

/** An endpoint that a server names and that nothing may be sent to. */
export class UnsafeEndpoint extends Error {
  override readonly name = 'UnsafeEndpoint';
}

export async function answered<T>(work: () => Promise<T>): Promise<{ readonly result: T } | { readonly problem: OAuthProblem }> {
  try {
    return { result: await work() };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** Statuses by which a server says that it is busy or broken, not that the request was wrong. */
const isTransient = (status: number): boolean => status >= 500 || status === 429 || status === 408;

function problemOf(error: unknown): OAuthProblem {
  if (error instanceof ResponseBodyError) {
    return isTransient(error.status) ? unreachable(`status ${error.status}`) : refused(error.error);
  }
  if (error instanceof WWWAuthenticateChallengeError) return refused('invalid_client');
  if (error instanceof UnsafeEndpoint) return refused('unsafe_endpoint');
  if (error instanceof OperationProcessingError || error instanceof UnsupportedOperationError) {
    const { cause } = error;
    if (cause instanceof Response && isTransient(cause.status)) return unreachable(`status ${cause.status}`);
    return refused(cause instanceof Response ? `status_${cause.status}` : 'invalid_response');
  }
  if (error instanceof DOMException) return unreachable(error.name === 'TimeoutError' ? 'no answer in time' : 'the request was ended');
  // What fetch throws when there is no connection; why stands in its cause.
  if (error instanceof TypeError) return unreachable(codeOfCause(error) ?? error.message);
  throw error;
}

const unreachable = (message: string): OAuthProblem => ({ kind: 'unreachable', message });

/** The characters are the server's choice. */
function refused(error: string): OAuthProblem {
  return { kind: 'refused', error: /^[\w.-]{1,100}$/.test(error) ? error : 'invalid_response' };
}

function codeOfCause({ cause }: Error): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
