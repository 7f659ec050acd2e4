// The one table of error kinds. `kind` is the stable contract; the number is a coarse class, outside JSON-RPC's reserved range.

interface ErrorRow {
  readonly code: number;
  readonly retryable: boolean;
  /** Exit status of the CLI when a call ends with this kind. */
  readonly exit: number;
  readonly summary: string;
}

const row = (code: number, retryable: boolean, exit: number, summary: string): ErrorRow => ({ code, retryable, exit, summary });

export const errorTable = {
  PARSE_ERROR: row(-32700, false, 2, 'The bytes are not JSON, not UTF-8, or not framed as this connection began.'),
  INVALID_REQUEST: row(-32600, false, 2, 'The JSON is not a JSON-RPC 2.0 message.'),
  METHOD_NOT_FOUND: row(-32601, false, 2, 'No method has this name; details.suggestions lists near ones.'),
  INVALID_PARAMS: row(-32602, false, 2, 'The parameters do not fit the method; details.issues has every path.'),
  INTERNAL: row(-32603, false, 70, 'A bug in the daemon; the message is hidden and data.ref finds it in the log.'),
  NOT_FOUND: row(4040, false, 4, 'The named thing does not exist; details has entity, id and suggestions.'),
  INVALID_TRANSITION: row(4090, false, 5, 'The state of the thing forbids this; details has from, to and allowed.'),
  ALREADY_EXISTS: row(4090, false, 5, 'A thing of this name exists already.'),
  CONFLICT: row(4090, false, 5, 'The thing changed meanwhile; details has expected and actual.'),
  PRECONDITION: row(4090, false, 5, 'Something else must be true first; details.reason names it.'),
  WORK_AT_RISK: row(4090, false, 5, 'Work would be lost; details has paths, commits and processes.'),
  ALREADY_RUNNING: row(4090, false, 5, 'Another daemon holds this state directory.'),
  CONFIG_INVALID: row(4220, false, 6, 'The configuration is wrong; details.diagnostics has each place.'),
  COMMAND_INVALID: row(4220, false, 6, 'The command file is wrong; details.diagnostics has each place.'),
  PLAN_INVALID: row(4220, false, 6, 'The plan is wrong; details.diagnostics has each place.'),
  MODEL_UNKNOWN: row(4220, false, 6, 'No model or agent has this name; details has available and suggestions.'),
  DB_TOO_NEW: row(4220, false, 6, 'The database was written by a newer daemon; it is left untouched.'),
  DB_CORRUPT: row(4220, false, 6, 'The database is damaged; it is left untouched, and details name the last backup.'),
  DB_PRAGMA: row(4220, false, 6, 'The database refuses a setting that the daemon relies on.'),
  UNAUTHENTICATED: row(4010, false, 7, 'The token is missing, wrong, expired or revoked.'),
  FORBIDDEN: row(4030, false, 7, 'The caller lacks the scope that the method needs.'),
  POLICY_DENIED: row(4030, false, 7, 'Policy forbids this; details has ruleId and fix.'),
  INCOMPATIBLE: row(4260, false, 3, 'Client and daemon share no protocol version; details says what to upgrade.'),
  LIMIT_EXCEEDED: row(4290, true, 8, 'A bound was passed; details has limit and value.'),
  CANCELLED: row(4990, false, 130, 'The caller cancelled the call.'),
  TOOL_FAILED: row(5020, false, 10, 'A program the daemon ran failed; details has tool, exitCode and stderrTail.'),
  AGENT_FAILED: row(5020, false, 10, 'A coding agent failed; details says how.'),
  GIT_CONFLICT: row(5020, false, 10, 'Git found conflicting changes; details.files lists them.'),
  UNAVAILABLE: row(5030, true, 11, 'The daemon cannot serve this at the moment.'),
  STORE_BUSY: row(5030, true, 11, 'Another process holds the database for longer than the retries last.'),
  STORAGE_FAILED: row(5030, true, 11, 'A disk that the daemon writes to is full, read-only or broken; details has path and code.'),
  SHUTTING_DOWN: row(5030, true, 11, 'The daemon is stopping; call again when it is back.'),
  TOOL_MISSING: row(5031, false, 11, 'A program the daemon needs is not installed; details has tool and remedy.'),
  DEADLINE_EXCEEDED: row(5040, true, 12, 'The work did not end in its time.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorKind = keyof typeof errorTable;

/** Kinds that every method can answer, so no method lists them. */
export const universalErrors = [
  'INVALID_PARAMS',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'CANCELLED',
  'LIMIT_EXCEEDED',
  'SHUTTING_DOWN',
  'STORE_BUSY',
  'STORAGE_FAILED',
  'INTERNAL',
] as const satisfies readonly ErrorKind[];

export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * What a service throws when the caller, a tool or the moment is at fault. Anything else that is thrown is a bug and reaches callers
 * as INTERNAL without its message.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: ErrorKind;
  readonly details: ErrorDetails | undefined;
  readonly retryable: boolean;

  constructor(kind: ErrorKind, message: string, options: { details?: ErrorDetails; cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.details = options.details;
    this.retryable = options.retryable ?? errorTable[kind].retryable;
  }
}

/** True for a Failure, also one made by another copy of this module (the bundled CLI has its own). */
export function isFailure(error: unknown): error is Failure {
  return (
    error instanceof Error && error.name === 'Failure' && 'kind' in error && typeof error.kind === 'string' && error.kind in errorTable
  );
}

/** Nothing was written, and that says nothing about what was to be written: the same call may succeed later. */
export function isStoreTrouble(error: unknown): boolean {
  return isFailure(error) && (error.kind === 'STORAGE_FAILED' || error.kind === 'STORE_BUSY');
}

/** The error object of a JSON-RPC answer. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly kind: ErrorKind; readonly retryable: boolean; readonly details?: ErrorDetails; readonly ref?: string };
}
