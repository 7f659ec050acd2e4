// The exit status of the CLI: the one of the error table for a call that failed, and a few of its own.
import { errorTable, isFailure } from '../../schemas/errors.ts';
import { isRpcClientError } from '../client-error.ts';

export const exitCodes = {
  ok: 0,
  /** `run`: the session failed or is lost. `doctor`: something is missing. `daemon db check`: something is damaged. */
  failed: 1,
  usage: 2,
  notConnected: 3,
  /** `stdio`: nobody to relay to (EX_UNAVAILABLE of sysexits). */
  relayUnavailable: 69,
  bug: 70,
  timeout: 124,
  cancelled: 130,
} as const;

/** The command line was wrong; the message says how to write it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (isFailure(error)) return errorTable[error.kind].exit;
  if (isRpcClientError(error)) return exitCodes.notConnected;
  return exitCodes.bug;
}

/** What `group` and `gate` answer for a group that has ended: one that is degraded is accepted. */
export function exitCodeOfGroup(group: { status: string; reason?: string | undefined }): number {
  if (group.status === 'succeeded' || group.status === 'degraded') return exitCodes.ok;
  return exitCodeOfSession(group);
}

/** What `run` answers for a session that has ended. */
export function exitCodeOfSession(session: { status: string; reason?: string | undefined }): number {
  if (session.status === 'succeeded') return exitCodes.ok;
  if (session.status === 'cancelled') return exitCodes.cancelled;
  return session.reason === 'timeout' ? exitCodes.timeout : exitCodes.failed;
}
