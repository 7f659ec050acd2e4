// The pure rules of a group: what its members allow next, how it ends, and which actions its state takes. No I/O, no clock, no ids.
import { Failure } from '../../schemas/errors.ts';
import type { GroupOutcome, GroupStatus } from '../../schemas/group.ts';
import { hasEnded } from '../sessions/machine.ts';
import type { GroupRecord, MemberRecord } from '../store/tables/groups.ts';

type Facts = Pick<GroupRecord, 'kind' | 'required' | 'failFast' | 'deadlineAt' | 'reason' | 'cancelRequestedAt'>;
type Member = Pick<MemberRecord, 'attempt' | 'status'>;

/** How a group ends. */
export interface GroupEnd {
  readonly status: Exclude<GroupStatus, 'running'>;
  readonly reason?: string;
}

export type Move =
  | { readonly do: 'wait' }
  /** It is certain how the group ends, so what still runs is ended. Its end is waited for: no member outlives its group. */
  | { readonly do: 'end'; readonly reason: string }
  /** Enough succeeded; those that failed are tried once more before that is accepted. */
  | { readonly do: 'retry' }
  | { readonly do: 'finish'; readonly end: GroupEnd };

/** What to do next. `members` are the latest attempts, one a member. */
export function nextMove(group: Facts, members: readonly Member[], now: number): Move {
  const succeeded = members.filter(({ status }) => status === 'succeeded').length;
  const running = members.filter(isRunning).length;
  if (running === 0) return lastMove(group, members, succeeded, now);
  const reason = group.reason ?? reasonToEnd(group, { succeeded, running, ended: members.length - running }, now);
  return reason === undefined ? { do: 'wait' } : { do: 'end', reason };
}

function reasonToEnd(
  { kind, required, failFast, deadlineAt }: Facts,
  { succeeded, running, ended }: { succeeded: number; running: number; ended: number },
  now: number,
): string | undefined {
  if (kind === 'first' && succeeded > 0) return 'won';
  if (succeeded + running < required) return 'not_enough';
  if (failFast && ended > succeeded) return 'fail_fast';
  return deadlineAt !== undefined && now >= deadlineAt ? 'timeout' : undefined;
}

function lastMove(group: Facts, members: readonly Member[], succeeded: number, now: number): Move {
  const { kind, required, reason, deadlineAt } = group;
  const because = reason === undefined ? {} : { reason };
  const finish = (end: GroupEnd): Move => ({ do: 'finish', end });
  // A cancel or a deadline that came when all was through changes nothing any more.
  if (succeeded === members.length || (kind === 'first' && succeeded > 0)) return finish({ status: 'succeeded' });
  if (group.cancelRequestedAt !== undefined) return finish({ status: 'cancelled', ...because });
  if (succeeded < required) return finish({ status: 'failed', reason: reason ?? 'not_enough' });
  const mayTryAgain = reason === undefined && !group.failFast && (deadlineAt === undefined || now < deadlineAt);
  return mayTryAgain && members.some(isTriedAgain) ? { do: 'retry' } : finish({ status: 'degraded', ...because });
}

/** By the daemon itself: what somebody cancelled stays so, and what was lost may have done its work. */
export function isTriedAgain({ status, attempt }: Member): boolean {
  return status === 'failed' && attempt === 1;
}

export function isRunning({ status }: Pick<MemberRecord, 'status'>): boolean {
  return !hasEnded(status);
}

/** undefined while it runs, and after a cancel. */
export function outcomeOf(status: GroupStatus): GroupOutcome | undefined {
  return outcomes[status];
}

const outcomes: Readonly<Record<GroupStatus, GroupOutcome | undefined>> = {
  running: undefined,
  succeeded: 'full',
  degraded: 'degraded',
  failed: 'failed',
  cancelled: undefined,
};

/** Which states each action is legal in; everything else is INVALID_TRANSITION. */
const legalFrom = {
  cancel: ['running'],
  retry: ['degraded', 'failed', 'cancelled'],
} as const satisfies Record<string, readonly GroupStatus[]>;

export function assertLegal(action: keyof typeof legalFrom, { id, status }: Pick<GroupRecord, 'id' | 'status'>): void {
  const allowed: readonly GroupStatus[] = legalFrom[action];
  if (allowed.includes(status)) return;
  const advice =
    action === 'cancel' ? 'it has ended already' : status === 'running' ? 'wait for its end, or cancel it' : 'nothing is left to do';
  const to = action === 'cancel' ? 'cancelled' : 'retried';
  throw new Failure('INVALID_TRANSITION', `The group "${id}" is ${status}, so it can not be ${to}; ${advice}.`, {
    details: { from: status, to, allowed },
  });
}

/** How many members must succeed. Throws INVALID_PARAMS. */
export function requiredOf(kind: GroupRecord['kind'], required: number | undefined, members: number): number {
  if (kind !== 'quorum') {
    if (required === undefined) return kind === 'all' ? members : 1;
    throw wrongRequired(`"required" belongs to a quorum; of kind "${kind}" the number is ${kind === 'all' ? members : 1} by itself.`);
  }
  if (required === undefined) throw wrongRequired('A quorum needs "required": how many members must succeed.');
  if (required <= members) return required;
  throw wrongRequired(`A quorum of ${required} can not come from ${members} members; ask for fewer, or name more members.`);
}

function wrongRequired(message: string): Failure {
  return new Failure('INVALID_PARAMS', message, { details: { issues: [{ path: ['required'], message }] } });
}
