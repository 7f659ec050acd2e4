// Each change of a session or step as one piece: the rows and their event, for use inside a transaction.
import { limits } from '../../schemas/limits.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepChange, StepRecord } from '../store/tables/step-runs.ts';
import { skippedReason, type Verdict } from './machine.ts';
import { positionIn } from './positions.ts';

/** How a step ended. */
export interface StepOutcome {
  readonly status: Extract<StepRecord['status'], 'succeeded' | 'failed' | 'cancelled' | 'lost'>;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: string;
  readonly error?: string;
  readonly outputSize?: number;
}

export function sessionSubject(session: Pick<SessionRecord, 'id' | 'projectId' | 'worktreeId' | 'specTaskId' | 'workSessionId'>) {
  return {
    projectId: session.projectId,
    sessionId: session.id,
    ...(session.worktreeId === undefined ? {} : { worktreeId: session.worktreeId }),
    ...(session.specTaskId === undefined ? {} : { specTaskId: session.specTaskId }),
    ...(session.workSessionId === undefined ? {} : { workSessionId: session.workSessionId }),
  };
}

export function leaveQueue(w: Writer, session: SessionRecord, now: number): void {
  w.sessions.change(session.id, { status: 'preparing', startedAt: now });
  const data = { slug: session.slug, commandName: session.commandName, status: 'preparing' as const };
  w.events.append({ type: 'session.started', subject: sessionSubject(session), actor: byDaemon.actor, data });
}

/** The budget runs from here: acquiring resources is not the command's time. */
export function beginRunning(w: Writer, session: SessionRecord, now: number): void {
  w.sessions.change(session.id, { status: 'running', ...(session.budgetMs === undefined ? {} : { deadlineAt: now + session.budgetMs }) });
}

export function beginStep(w: Writer, session: SessionRecord, step: StepRecord, change: StepChange, now: number): void {
  w.steps.change(step.id, { ...change, status: 'running', startedAt: now, retryAt: null });
  const data = { stepRunId: step.id, index: step.index, phase: step.phase, name: step.name, attempt: step.attempt };
  w.events.append({ type: 'step.started', subject: sessionSubject(session), actor: byDaemon.actor, data });
}

export function endStep(w: Writer, session: SessionRecord, step: StepRecord, outcome: StepOutcome, now: number): void {
  const { status, exitCode, signal, reason } = outcome;
  const error = trimError(outcome.error);
  const facts = {
    status,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
  };
  w.steps.change(step.id, {
    ...facts,
    endedAt: now,
    retryAt: null,
    ...(outcome.outputSize === undefined ? {} : { outputSize: outcome.outputSize }),
  });
  const data = { stepRunId: step.id, index: step.index, phase: step.phase, name: step.name, ...facts };
  w.events.append({ type: 'step.finished', subject: sessionSubject(session), actor: byDaemon.actor, data });
}

export function trimError(error: string | undefined): string | undefined {
  return error?.slice(0, limits.errorMessageChars);
}

/** A step whose condition does not hold. */
export function skipStep(w: Writer, session: SessionRecord, step: StepRecord): void {
  w.steps.change(step.id, { status: 'skipped', reason: 'when' });
  const data = { stepRunId: step.id, index: step.index, phase: step.phase, name: step.name, status: 'skipped' as const, reason: 'when' };
  w.events.append({ type: 'step.finished', subject: sessionSubject(session), actor: byDaemon.actor, data });
}

/** False when it was asked before, or has ended. */
export function requestCancel(w: Writer, session: SessionRecord, { reason, actor, now }: CancelRequest): boolean {
  if (session.cancelRequestedAt !== undefined || session.endedAt !== undefined) return false;
  const why = reason === undefined ? {} : { reason };
  w.sessions.change(session.id, { cancelRequestedAt: now, ...(reason === undefined ? {} : { cancelReason: reason }) });
  w.events.append({ type: 'session.cancelRequested', subject: sessionSubject(session), actor, data: why });
  return true;
}

export interface CancelRequest {
  readonly reason: string | undefined;
  readonly actor: string;
  readonly now: number;
}

/** The body is over: what it did not reach is skipped, and the cleanup rows stand ready. */
export function abandon(w: Writer, session: SessionRecord, verdict: Verdict, cleanup: readonly StepRecord[]): void {
  w.sessions.change(session.id, { verdict: JSON.stringify(verdict) });
  w.steps.skipPending(session.id, { from: positionIn('acquire', 0), below: positionIn('cleanup', 0) }, skippedReason);
  for (const row of cleanup) w.steps.insert(row);
}

export function finish(w: Writer, session: SessionRecord, verdict: Verdict, now: number): void {
  const { status, reason, error, exitCode } = verdict;
  w.sessions.change(session.id, { status, reason: reason ?? null, error: error?.slice(0, limits.errorMessageChars) ?? null, endedAt: now });
  // Who works in a terminal that stays goes on with the rights of the session, until that ends too.
  if (!w.terminals.liveOfSession(session.id)) w.tokens.revokeOfSession(session.id, now);
  for (const { id, kind, key, value } of w.leases.releaseOfSession(session.id)) {
    const freed = { id, kind, key, value };
    w.events.append({ type: 'lease.released', subject: sessionSubject(session), actor: byDaemon.actor, data: freed });
  }
  const data = {
    slug: session.slug,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
  w.events.append({ type: 'session.finished', subject: sessionSubject(session), actor: byDaemon.actor, data });
  if (session.groupId !== undefined) endMember(w, session, verdict);
}

/** With the session's own end, so that a group never misses one, whatever becomes of the daemon or of the session's record. */
function endMember(w: Writer, session: SessionRecord, { status, reason }: Verdict): void {
  const member = w.groups.memberOf(session.id);
  if (!member) return;
  const end = { status, ...(reason === undefined ? {} : { reason }) };
  w.groups.endMember(session.id, end);
  const { groupId, slug, attempt, agent } = member;
  const data = { groupId, slug, attempt, member: member.member, ...end, ...(agent === undefined ? {} : { agent }) };
  w.events.append({ type: 'group.memberFinished', subject: sessionSubject(session), actor: byDaemon.actor, data });
}
