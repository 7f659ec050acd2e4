// The pure rules of a session: what its rows allow next, how it ends, and which actions its state takes. No I/O, no clock, no ids.
import { Failure } from '../../schemas/errors.ts';
import type { SessionStatus } from '../../schemas/session.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';
import type { StepRecord } from '../store/tables/step-runs.ts';
import { partOf } from './positions.ts';

export type EndStatus = Extract<SessionStatus, 'succeeded' | 'failed' | 'cancelled' | 'lost'>;

/** How a session ends, as far as its rows tell by now. */
export interface Verdict {
  readonly status: EndStatus;
  readonly reason?: string;
  readonly error?: string;
  readonly exitCode?: number;
}

export type Work =
  /** A row was running when the daemon died, is being run, or waits for its next attempt: find out what became of it. */
  | { readonly do: 'resume'; readonly step: StepRecord }
  | { readonly do: 'run'; readonly step: StepRecord }
  /** The body is over because something failed: its pending rows are skipped and the cleanup rows written. */
  | { readonly do: 'abandon'; readonly verdict: Verdict }
  | { readonly do: 'finish'; readonly verdict: Verdict };

type Facts = Pick<SessionRecord, 'status' | 'cancelRequestedAt' | 'cancelReason' | 'verdict'>;

const endStatuses: readonly SessionStatus[] = ['succeeded', 'failed', 'cancelled', 'lost'];

export function hasEnded(status: SessionStatus): status is EndStatus {
  return endStatuses.includes(status);
}

/** Why a row that never ran is `skipped`. */
export const skippedReason = 'not_reached';

/**
 * What to do next. `tolerates` tells which rows may fail without failing the session. Acquiring and the body stop at the first failure or
 * a cancel; cleanup, finally and release always run to their end.
 */
export function nextWork(session: Facts, steps: readonly StepRecord[], tolerates: (step: StepRecord) => boolean): Work {
  const running = steps.find((step) => step.status === 'running' || (step.status === 'pending' && step.retryAt !== undefined));
  if (running) return { do: 'resume', step: running };
  const settled = session.verdict === undefined ? undefined : (JSON.parse(session.verdict) as Verdict);
  const verdict = settled ?? verdictOf(session, steps, tolerates);
  if (!settled && verdict.status !== 'succeeded') return { do: 'abandon', verdict };
  const next = steps.find((step) => step.status === 'pending');
  return next ? { do: 'run', step: next } : { do: 'finish', verdict };
}

/** How the session ends by what is known now. A cancel that comes when the body is through changes nothing any more. */
export function verdictOf(session: Facts, steps: readonly StepRecord[], tolerates: (step: StepRecord) => boolean): Verdict {
  const body = steps.filter((step) => ['acquire', 'body'].includes(partOf(step)));
  if (session.cancelRequestedAt !== undefined && body.some((step) => step.status === 'pending' || step.status === 'cancelled')) {
    return { status: 'cancelled', reason: session.cancelReason ?? 'cancelled' };
  }
  const broken = body.find((step) => isBroken(step) && !tolerates(step));
  if (!broken) return { status: 'succeeded' };
  return {
    status: broken.status === 'lost' ? 'lost' : 'failed',
    reason: broken.reason ?? 'exit',
    error: `Step "${broken.name}" ${broken.status === 'lost' ? 'was lost' : 'failed'}${broken.error ? `: ${broken.error}` : '.'}`,
    ...(broken.exitCode === undefined ? {} : { exitCode: broken.exitCode }),
  };
}

function isBroken(step: StepRecord): boolean {
  return step.status === 'failed' || step.status === 'lost' || step.status === 'cancelled';
}

/** Which states each action is legal in; everything else is INVALID_TRANSITION. */
const legalFrom = {
  cancel: ['queued', 'preparing', 'running', 'waiting'],
  remove: ['succeeded', 'failed', 'cancelled', 'lost'],
  retry: ['failed', 'cancelled', 'lost'],
  setData: ['queued', 'preparing', 'running', 'waiting'],
} as const satisfies Record<string, readonly SessionStatus[]>;

export function assertLegal(action: keyof typeof legalFrom, session: Pick<SessionRecord, 'slug' | 'status'>): void {
  const allowed: readonly SessionStatus[] = legalFrom[action];
  if (allowed.includes(session.status)) return;
  throw new Failure(
    'INVALID_TRANSITION',
    `Session "${session.slug}" is ${session.status}, so it can not be ${pastOf[action]}; ${adviceFor(action, session.status)}.`,
    {
      details: { from: session.status, to: pastOf[action], allowed },
    },
  );
}

const pastOf = { cancel: 'cancelled', remove: 'removed', retry: 'retried', setData: 'given data' } as const;

function adviceFor(action: keyof typeof legalFrom, status: SessionStatus): string {
  if (action === 'remove') return 'cancel it first, or pass cancel: true';
  if (action === 'retry') return status === 'succeeded' ? 'start its command again' : 'wait for its end, or cancel it';
  return 'it has ended already';
}
