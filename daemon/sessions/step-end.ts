// How a step ends that may be tried again: the row goes on to its next attempt, or to its end. One transaction either way.
import type { CommandStep, StepRetry } from '../commands/definition.ts';
import { isoTime } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import { backoffMs } from '../kernel/retry.ts';
import type { Writer } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { endStep, type StepOutcome, sessionSubject, trimError } from './transitions.ts';

export interface StepEnd {
  readonly session: SessionRecord;
  readonly step: StepRecord;
  readonly definition: CommandStep | undefined;
  readonly outcome: StepOutcome;
  readonly now: number;
  /** 0 ≤ random < 1. */
  readonly random: number;
}

/** True when the step is over for good, false when it is tried again. */
export function concludeStep(w: Writer, end: StepEnd): boolean {
  const { session, outcome, now } = end;
  // As committed by now: the row that the step began with may know of no cancel yet.
  const step = w.steps.get(end.step.id) ?? end.step;
  const retryAt = nextAttemptAt({ ...end, step, session: w.sessions.get(session.id) ?? session });
  if (retryAt === undefined) {
    endStep(w, session, step, outcome, now);
    return true;
  }
  const { exitCode, signal, reason, outputSize = 0 } = outcome;
  const error = trimError(outcome.error);
  const facts = {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
  };
  const { id: stepRunId, attempt, outputOffset, startedAt } = step;
  w.attempts.insert({
    ...{ stepRunId, attempt, outputOffset, outputSize, endedAt: now, ...facts },
    ...(startedAt === undefined ? {} : { startedAt }),
  });
  const cleared = {
    startedAt: null,
    endedAt: null,
    deadlineAt: null,
    exitCode: null,
    signal: null,
    reason: null,
    error: null,
    paneId: null,
  };
  w.steps.change(stepRunId, { ...cleared, status: 'pending', attempt: attempt + 1, retryAt, outputSize: 0 });
  const { index, phase, name } = step;
  const times = { attempt, nextAttempt: attempt + 1, delayMs: retryAt - now, retryAt: isoTime(retryAt) };
  const data = { stepRunId, index, phase, name, ...times, ...facts };
  w.events.append({ type: 'retry.scheduled', subject: sessionSubject(session), actor: byDaemon.actor, data });
  return false;
}

/** When a step that ended so is tried again; undefined: never. */
export function nextAttemptAt({ session, step, definition, outcome, now, random }: StepEnd): number | undefined {
  const retry = definition?.retry;
  if (retry === undefined || step.attempt >= retry.maxAttempts || !isRetried(retry, outcome)) return undefined;
  const inBody = step.phase !== 'cleanup' && step.phase !== 'finally';
  if (inBody && session.cancelRequestedAt !== undefined) return undefined;
  const at = now + Math.round(backoffMs(retry, step.attempt, random));
  // What could only begin after the budget would be waited for in vain.
  return inBody && session.deadlineAt !== undefined && at >= session.deadlineAt ? undefined : at;
}

/** What was lost may have done its work, and a cancel is no failure. What cannot or may not start will not start the next time either. */
function isRetried({ on }: StepRetry, { status, reason, exitCode, signal }: StepOutcome): boolean {
  if (status !== 'failed' || reason === 'start' || reason === 'policy_denied') return false;
  if (on === undefined) return true;
  if (reason === 'timeout') return on.includes('timeout');
  if (signal !== undefined) return on.includes('signal');
  return exitCode !== undefined && on.includes(exitCode);
}
