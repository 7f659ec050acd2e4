import { expect, test } from 'vitest';
import { exitCodeOf, exitCodeOfSession, UsageError } from '../../../client/cli/exit-codes.ts';
import { RpcClientError } from '../../../client/index.ts';
import { type ErrorKind, errorTable, Failure } from '../../../schemas/index.ts';

/** Scripts rely on these. A change is a break of the contract. */
const pinned: Record<ErrorKind, number> = {
  PARSE_ERROR: 2,
  INVALID_REQUEST: 2,
  METHOD_NOT_FOUND: 2,
  INVALID_PARAMS: 2,
  INTERNAL: 70,
  NOT_FOUND: 4,
  INVALID_TRANSITION: 5,
  ALREADY_EXISTS: 5,
  CONFLICT: 5,
  PRECONDITION: 5,
  WORK_AT_RISK: 5,
  ALREADY_RUNNING: 5,
  CONFIG_INVALID: 6,
  COMMAND_INVALID: 6,
  PLAN_INVALID: 6,
  MODEL_UNKNOWN: 6,
  DB_TOO_NEW: 6,
  DB_CORRUPT: 6,
  DB_PRAGMA: 6,
  UNAUTHENTICATED: 7,
  FORBIDDEN: 7,
  POLICY_DENIED: 7,
  INCOMPATIBLE: 3,
  LIMIT_EXCEEDED: 8,
  CANCELLED: 130,
  TOOL_FAILED: 10,
  AGENT_FAILED: 10,
  GIT_CONFLICT: 10,
  UNAVAILABLE: 11,
  STORE_BUSY: 11,
  STORAGE_FAILED: 11,
  SHUTTING_DOWN: 11,
  TOOL_MISSING: 11,
  DEADLINE_EXCEEDED: 12,
};

test('the exit status of every error kind is pinned', () => {
  const kinds = Object.keys(errorTable) as ErrorKind[];
  expect(Object.fromEntries(kinds.map((kind) => [kind, exitCodeOf(new Failure(kind, 'x'))]))).toEqual(pinned);
});

test.each(['NOT_CONNECTED', 'TIMEOUT', 'CLOSED', 'BAD_RESULT'] as const)('%s exits with 3', (code) => {
  expect(exitCodeOf(new RpcClientError(code, 'x'))).toBe(3);
});

test('a wrong command line exits with 2, a bug with 70', () => {
  expect(exitCodeOf(new UsageError('x'))).toBe(2);
  expect(exitCodeOf(new TypeError('x'))).toBe(70);
});

test.each([
  { status: 'succeeded', code: 0 },
  { status: 'failed', reason: 'exit', code: 1 },
  { status: 'lost', code: 1 },
  { status: 'failed', reason: 'timeout', code: 124 },
  { status: 'cancelled', reason: 'cancelled', code: 130 },
])('a session that ended as $status ($reason) exits with $code', ({ code, ...session }) => {
  expect(exitCodeOfSession(session)).toBe(code);
});
