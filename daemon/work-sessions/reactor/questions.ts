import { isFailure } from '../../../schemas/errors.ts';
import type { Reader } from '../../store/store.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import { hasEnded } from '../machine.ts';

/** Required children, and those whose work goes into it, come first. */
export function waitsForChildren(r: Reader, { id }: WorkSessionRecord): boolean {
  return r.workSessions.children(id).some((child) => child.required && !hasEnded(child.status));
}

/** Without that it can not be complete. */
export function failedChild(r: Reader, { id }: WorkSessionRecord): WorkSessionRecord | undefined {
  return r.workSessions.children(id).find(({ required, status }) => required && status === 'failed');
}

/** A start or a tool that says why it can not be: that ends the work session, and is no fault of ours to try for ever. */
export function isFinal(error: unknown): error is Error {
  return isFailure(error) && !error.retryable && error.kind !== 'SHUTTING_DOWN';
}
