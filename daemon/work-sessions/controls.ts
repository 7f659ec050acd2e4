// What clients do with one work session. Each is rows and events in one transaction; the reactor sees the rows.

import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { WorkSession } from '../../schemas/work-session.ts';
import type { Origin } from '../kernel/origin.ts';
import type { AgentRegistry } from '../models/registry.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { begunAnew } from './beginning-anew.ts';
import { type ControlDeps, control, moveBy, refuse, tellUpdated, wakeTask } from './control.ts';
import { goOn, withBackground } from './going-on.ts';
import { hasEnded, reopenableStatuses } from './machine.ts';

type Method = 'start' | 'pause' | 'resume' | 'update' | 'retry' | 'reopen' | 'merge';

/** Each answers the work session after it. Throws INVALID_TRANSITION, and CONFLICT for a stale `ifVersion`. */
export type Controls = {
  readonly [M in Method]: (params: OwnParamsOf<`workSession.${M}`>, origin: Origin) => Promise<WorkSession>;
};

export function createControls(deps: ControlDeps & { readonly agents: Pick<AgentRegistry, 'resolve'> }): Controls {
  return {
    start: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.status !== 'pending') refuse(now, 'pending', 'only a pending one can be started.');
        if (now.started) return;
        w.workSessions.change(now.id, { started: true });
        tellUpdated(w, now, ['started'], origin);
      }),
    pause: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.blockedReason !== 'paused') assertPausable(now);
        const detail = `Paused by ${origin.actor}.`;
        moveBy(deps, w, now.id, { to: 'blocked', reason: 'paused', detail, change: { mergeRequestedAt: null } }, origin);
        const thread = w.threads.ofWorkSession(now.id);
        if (params.cancelTurn && thread && thread.turn !== 'idle') deps.threads.cancelTurn(w, thread.id);
      }),
    resume: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.status !== 'blocked') refuse(now, 'active', 'only what is blocked can be resumed; send a prompt instead.');
        const why = now.blockedReason === undefined ? undefined : goesOnByItself[now.blockedReason];
        if (why !== undefined) refuse(now, 'active', why);
        goOn(deps, w, now, params.prompt, origin);
      }),
    update: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (hasEnded(now.status)) refuse(now, now.status, 'what has ended is not changed any more; reopen it.');
        const { name = now.name, description = now.description, required = now.required } = params;
        const wanted = { name, description, required };
        const keys = (Object.keys(wanted) as (keyof typeof wanted)[]).filter((key) => wanted[key] !== now[key]);
        if (keys.length === 0) return;
        w.workSessions.change(now.id, wanted);
        tellUpdated(w, { ...now, name }, keys, origin);
      }),
    retry: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.status !== 'failed') refuse(now, 'pending', 'only a failed one can be retried; "reopen" is for what is over.');
        if (params.agent !== undefined) w.workSessions.change(now.id, { agent: deps.agents.resolve(params.agent).name });
        wakeTask(deps, w, now.specTaskId, origin);
        moveBy(deps, w, now.id, begunAnew(now), origin);
      }),
    reopen: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (!reopenableStatuses.includes(now.status)) refuse(now, 'pending', 'only a completed or cancelled one can be reopened.');
        if (params.prompt !== undefined) w.workSessions.change(now.id, { prompt: withBackground(params.prompt, now.prompt) });
        wakeTask(deps, w, now.specTaskId, origin);
        moveBy(deps, w, now.id, begunAnew(now), origin);
      }),
    merge: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        const mergeRequestedAt = now.mergeRequestedAt ?? deps.clock.now();
        if (now.status === 'active' && now.stage === 'awaiting_merge') {
          if (now.mergeRequestedAt !== undefined) return;
          w.workSessions.change(now.id, { mergeRequestedAt });
          tellUpdated(w, now, ['mergeRequestedAt'], origin);
          return;
        }
        if (!isTriedAgain(now)) refuse(now, 'active', 'only verified work that waits for its merge, or whose merge failed, can be merged.');
        moveBy(deps, w, now.id, { to: 'active', stage: 'awaiting_merge', change: { mergeRequestedAt } }, origin);
      }),
  };
}

const goesOnByItself: Partial<Readonly<Record<NonNullable<WorkSessionRecord['blockedReason']>, string>>> = {
  dependency_failed: 'it goes on when what it needs is retried.',
  waiting_session: 'it goes on when what it waits for is there.',
  instance_lost: 'it goes on when its instance is back.',
};

function assertPausable(now: WorkSessionRecord): void {
  const isOn = now.status === 'active' && now.stage !== 'merging';
  const waits = now.status === 'pending' && now.stage !== 'provisioning';
  if (!isOn && !waits) refuse(now, 'blocked', 'only what runs or waits to run can be paused, and not in the middle of its merge.');
}

/** Its merge conflicted, or was taken back; there was a commit to merge. */
function isTriedAgain({ status, blockedReason, headCommit }: WorkSessionRecord): boolean {
  return status === 'blocked' && headCommit !== undefined && (blockedReason === 'merge_conflict' || blockedReason === 'waiting_human');
}

/** Throws PRECONDITION {reason: child_failed}: a parent is complete only with what it required of others. */
export function assertNoFailedChild(children: readonly WorkSessionRecord[]): void {
  const failed = children.find(({ required, status }) => required && status === 'failed');
  if (!failed) return;
  throw new Failure('PRECONDITION', `Its child "${failed.name}" failed; retry or cancel that first.`, {
    details: { reason: 'child_failed', workSessionId: failed.id },
  });
}
