// What the agent of a work session says of it: how far it is, that it is done, that it needs help. And the answer to that.
import type { OwnParamsOf } from '../../schemas/contract.ts';
import type { BlockedReason, WorkSession } from '../../schemas/work-session.ts';
import type { Origin } from '../kernel/origin.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { type ControlDeps, control, moveBy, refuse } from './control.ts';
import { assertNoFailedChild } from './controls.ts';
import { goOn } from './going-on.ts';
import { moveWorkSession, workSessionSubject } from './transition.ts';
import { seenWith } from './turn-count.ts';

type Method = 'updateStatus' | 'complete' | 'requestHelp' | 'answerHelp';

/** Each answers the work session after it. Throws INVALID_TRANSITION. */
export type Reports = {
  readonly [M in Method]: (params: OwnParamsOf<`workSession.${M}`>, origin: Origin) => Promise<WorkSession>;
};

/** Blocked, and its being complete is what there was to wait for. */
const overcome: readonly (BlockedReason | undefined)[] = ['merge_conflict', 'waiting_human', 'silent'];

export function createReports(deps: ControlDeps): Reports {
  return {
    updateStatus: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.status !== 'active' && now.status !== 'blocked') refuse(now, 'active', 'it reports only while it works.');
        w.workSessions.change(now.id, { progress: params.progress });
        const note = params.note === undefined ? {} : { note: params.note };
        const data = { workSessionId: now.id, name: now.name, progress: params.progress, ...note };
        w.events.append({ type: 'workSession.progressReported', subject: workSessionSubject(now), actor: origin.actor, data });
      }),
    complete: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.status === 'completed') return;
        assertNoFailedChild(w.workSessions.children(now.id));
        const isOn = now.status === 'active' || (now.status === 'blocked' && overcome.includes(now.blockedReason));
        if (!isOn) refuse(now, 'completed', 'only what works can be complete.');
        const change = params.summary === '' ? {} : { summary: params.summary };
        // Said twice: it is on its way already.
        if (isOnItsWay(now)) w.workSessions.change(now.id, change);
        else moveBy(deps, w, now.id, { to: 'active', stage: 'verifying', change }, origin);
      }),
    requestHelp: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.status !== 'active' || isOnItsWay(now)) refuse(now, 'blocked', 'it asks only while its agent works.');
        const thread = w.threads.ofWorkSession(now.id);
        const { question } = params;
        const by = { actor: origin.actor, now: deps.clock.now() };
        // The end of the turn in which it asks is no news; only the next one is.
        const change = thread ? { turnsSeen: seenWith(thread) } : {};
        const asked = moveWorkSession(w, now.id, { to: 'blocked', reason: 'waiting_human', detail: question, change }, by);
        const data = { workSessionId: now.id, name: now.name, question };
        w.events.append({ type: 'workSession.helpRequested', subject: workSessionSubject(asked), actor: origin.actor, data });
        deps.attention.raise(w, {
          ...{ kind: 'question', refId: now.id, title: `"${now.name}" asks for help`, detail: question },
          ...{ remedy: `coppice work answer ${now.id}`, projectId: now.projectId, specTaskId: now.specTaskId, workSessionId: now.id },
        });
      }),
    answerHelp: (params, origin) =>
      control(deps, params, origin, (w, now) => {
        if (now.blockedReason !== 'waiting_human') refuse(now, 'active', 'it asked nothing that is open.');
        goOn(deps, w, now, params.answer, origin);
      }),
  };
}

function isOnItsWay({ status, stage }: WorkSessionRecord): boolean {
  return status === 'active' && (stage === 'verifying' || stage === 'awaiting_merge' || stage === 'merging');
}
