// Failures of the daemon as errors of the Agent Client Protocol: the same sentence, and the nearest of its numbers.
import { RequestError } from '@agentclientprotocol/sdk';
import { type ErrorKind, isFailure } from '../../../schemas/errors.ts';

const codes: Partial<Record<ErrorKind, number>> = {
  INVALID_PARAMS: -32602,
  METHOD_NOT_FOUND: -32601,
  NOT_FOUND: -32002,
  UNAUTHENTICATED: -32000,
  CANCELLED: -32800,
};

export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (!isFailure(error)) throw error;
  const { kind, message, details } = error;
  return new RequestError(codes[kind] ?? -32603, message, { kind, ...(details === undefined ? {} : { details }) });
}
