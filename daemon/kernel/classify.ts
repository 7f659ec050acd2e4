// Whether trying again can help: the one table of the daemon. It looks at structured codes and never at the words of a message; what a
// tool says only in words is told apart where its output is read.
import { type ErrorKind, errorTable, type Failure, isFailure } from '../../schemas/errors.ts';

/**
 * `transient`: may pass by itself. `once`: its cause is mended by the next call, so one more is enough. `permanent`: the next call fails
 * the same way; whatever is not known counts as that. `cancelled`: somebody wants no further call.
 */
export interface Classification {
  readonly kind: 'transient' | 'once' | 'permanent' | 'cancelled';
  /** How long the other side asks to wait. */
  readonly afterMs?: number;
}

const transientKinds: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['STORE_BUSY', 'UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** Reasons of an UNAVAILABLE that the next call mends by itself: it starts another server. */
const mendedReasons: ReadonlySet<unknown> = new Set(['no_server']);

const transientCodes: ReadonlySet<string> = new Set([
  ...['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET'],
  ...['EAI_AGAIN', 'ENOTFOUND'],
  ...['EINTR', 'EAGAIN'],
]);

export function classify(error: unknown, nowMs: number): Classification {
  const kind = kindOf(error);
  const afterMs = kind === 'transient' ? hintOf(error, nowMs) : undefined;
  return afterMs === undefined ? { kind } : { kind, afterMs };
}

/** SQLite's codes for a lock that another connection holds; everything else it says is final. */
export function isBusy(error: unknown): boolean {
  const code = memberOf(error, 'code');
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

const causesLookedAt = 4;

function kindOf(error: unknown, depth = 0): Classification['kind'] {
  if (isFailure(error)) return kindOfFailure(error);
  const name = memberOf(error, 'name');
  const code = memberOf(error, 'code');
  if (name === 'AbortError' || code === 'ABORT_ERR') return 'cancelled';
  if (name === 'TimeoutError' || isBusy(error) || isHeldLock(error)) return 'transient';
  if (typeof code === 'string' && transientCodes.has(code)) return 'transient';
  const status = memberOf(error, 'status') ?? memberOf(error, 'statusCode');
  if (typeof status === 'number') return isPassing(status) ? 'transient' : 'permanent';
  const cause = memberOf(error, 'cause');
  // Whoever gives a code of its own has judged what lies below.
  return typeof code === 'string' || cause === undefined || depth === causesLookedAt ? 'permanent' : kindOf(cause, depth + 1);
}

function kindOfFailure({ kind, retryable, details }: Failure): Classification['kind'] {
  if (kind === 'CANCELLED') return 'cancelled';
  if (kind === 'UNAVAILABLE' && mendedReasons.has(details?.reason)) return 'once';
  // Who made it may know better than the table.
  if (retryable !== errorTable[kind].retryable) return retryable ? 'transient' : 'permanent';
  return transientKinds.has(kind) ? 'transient' : 'permanent';
}

/** Somebody else made the lock file first. */
function isHeldLock(error: unknown): boolean {
  const path = memberOf(error, 'path');
  return memberOf(error, 'code') === 'EEXIST' && typeof path === 'string' && path.endsWith('.lock');
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status <= 599);
}

/** `retryAfterMs`, or the header Retry-After in seconds or as a date. */
function hintOf(error: unknown, nowMs: number): number | undefined {
  const own = memberOf(error, 'retryAfterMs') ?? memberOf(memberOf(error, 'details'), 'retryAfterMs');
  if (typeof own === 'number' && Number.isFinite(own)) return own;
  const headers = memberOf(error, 'headers') ?? memberOf(memberOf(error, 'response'), 'headers');
  const header = headers instanceof Headers ? headers.get('retry-after') : memberOf(headers, 'retry-after');
  if (typeof header !== 'string' && typeof header !== 'number') return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(String(header)) - nowMs;
  return Number.isFinite(waitMs) ? waitMs : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
