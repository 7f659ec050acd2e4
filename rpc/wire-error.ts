import { type ErrorDetails, type ErrorKind, errorTable, Failure, type WireError } from '../schemas/errors.ts';
import { limits } from '../schemas/limits.ts';

/** A failure that came over the wire. It reads like any Failure and also has the reference into the log of the daemon. */
export class RemoteFailure extends Failure {
  readonly ref: string | undefined;

  constructor(kind: ErrorKind, message: string, options: { details?: ErrorDetails; retryable?: boolean; ref?: string }) {
    super(kind, message, options);
    this.ref = options.ref;
  }
}

export function failureToWire(failure: Failure): WireError {
  const { kind, details, retryable } = failure;
  const data = details !== undefined && isSerialisable(details) ? { kind, retryable, details } : { kind, retryable };
  return { code: errorTable[kind].code, message: failure.message.slice(0, limits.errorMessageChars), data };
}

/** A bug: its message stays in the log, and `ref` finds it there. */
export function internalToWire(ref?: string): WireError {
  const message = ref === undefined ? 'Internal error.' : `Internal error; look for "${ref}" in the log of the daemon.`;
  const data = { kind: 'INTERNAL' as const, retryable: false };
  return { code: errorTable.INTERNAL.code, message, data: ref === undefined ? data : { ...data, ref } };
}

/** The other direction. Undefined when `value` is no error object at all; a kind this side does not know takes one of the same class. */
export function wireToFailure(value: unknown): RemoteFailure | undefined {
  if (!isRecord(value) || typeof value.code !== 'number' || typeof value.message !== 'string') return undefined;
  const data = isRecord(value.data) ? value.data : {};
  return new RemoteFailure(kindOf(data.kind, value.code), value.message, {
    ...(isRecord(data.details) && { details: data.details }),
    ...(typeof data.retryable === 'boolean' && { retryable: data.retryable }),
    ...(typeof data.ref === 'string' && { ref: data.ref }),
  });
}

function kindOf(kind: unknown, code: number): ErrorKind {
  if (typeof kind === 'string' && Object.hasOwn(errorTable, kind)) return kind as ErrorKind;
  const kinds = Object.keys(errorTable) as ErrorKind[];
  return kinds.find((candidate) => errorTable[candidate].code === code) ?? 'INTERNAL';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSerialisable(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
