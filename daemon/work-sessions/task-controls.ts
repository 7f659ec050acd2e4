// What clients do with the implementation of a spec task as a whole: ask for changes, take it up again, end it.

import type { OwnParamsOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { Origin } from '../kernel/origin.ts';
import { mayChange } from '../kernel/transitions.ts';
import type { AgentRegistry } from '../models/registry.ts';
import { specTaskTransitions } from '../spec-tasks/machine.ts';
import { assertVersion, freshSpecTask, moveSpecTask, nameOf } from '../spec-tasks/transition.ts';
import { specTaskView } from '../spec-tasks/view.ts';
import { settle } from '../store/receipts.ts';
import type { Writer } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { type AdHoc, insertAdHoc } from './ad-hoc.ts';
import { begunAnew } from './beginning-anew.ts';
import { type ControlDeps, cancelOne, moveBy, wakeTask } from './control.ts';
import { withBackground } from './going-on.ts';
import { reopenableStatuses } from './machine.ts';

type Changes = Pick<OwnParamsOf<'specTask.requestImplementationChanges'>, 'comment' | 'labels'>;

export interface TaskControls {
  /** Reopens the work sessions of the labels with the comment as their prompt; without labels a new one does it. */
  requestChanges(task: SpecTaskRecord, wanted: Changes, origin: Origin): Promise<SpecTask>;
  /** Throws INVALID_TRANSITION unless it failed. */
  retry(task: SpecTaskRecord, ifVersion: number | undefined, origin: Origin): Promise<SpecTask>;
  cancel(task: SpecTaskRecord, reason: string | undefined, origin: Origin): Promise<SpecTask>;
}

export type TaskControlDeps = ControlDeps & { readonly agents: Pick<AgentRegistry, 'resolve'> };

export function createTaskControls(deps: TaskControlDeps): TaskControls {
  const { store, clock } = deps;
  const changed = (task: SpecTaskRecord, origin: Origin, work: (w: Writer, now: SpecTaskRecord) => void): Promise<SpecTask> =>
    store.write((w) => {
      work(w, freshSpecTask(w, task.id));
      return settle(w, origin.receipt, specTaskView(freshSpecTask(w, task.id)));
    });
  return {
    requestChanges: (task, { comment, labels }, origin) =>
      changed(task, origin, (w, now) => {
        if (now.status !== 'implementation_review') refuseUnlessMay(now, 'implementation', 'implementation_review');
        const wanted = labels.map((label) => workSessionOf(w, now, label));
        wakeTask(deps, w, now.id, origin);
        if (wanted.length === 0) insertAdHoc(deps, w, now, changesFor(deps, now, comment), origin.actor);
        for (const one of wanted) {
          w.workSessions.change(one.id, { prompt: withBackground(comment, one.prompt) });
          moveBy(deps, w, one.id, begunAnew(one), origin);
        }
      }),
    retry: (task, ifVersion, origin) =>
      changed(task, origin, (w, now) => {
        assertVersion(now, ifVersion);
        if (now.status === 'spec_failed') {
          const change = { planningAttempts: 0, lastError: null, failedFrom: null };
          moveSpecTask(w, now.id, 'queued_spec_generation', { origin, now: clock.now(), change });
          return;
        }
        if (now.status !== 'implementation_failed') refuseUnlessMay(now, 'implementation', 'implementation_failed');
        wakeTask(deps, w, now.id, origin);
        for (const one of w.workSessions.ofSpecTask(now.id)) if (one.status === 'failed') moveBy(deps, w, one.id, begunAnew(one), origin);
      }),
    cancel: (task, reason, origin) =>
      changed(task, origin, (w, now) => {
        const why = reason ?? `Cancelled by ${origin.actor}.`;
        moveSpecTask(w, now.id, 'cancelled', { origin, now: clock.now(), reason: why });
        for (const one of w.workSessions.ofSpecTask(now.id)) cancelOne(deps, w, one, why, origin);
        for (const { id } of w.threads.ofSpecTask(now.id)) deps.threads.close(w, id, 'failed', why);
        deps.threads.stopInstance(w, now.id, why);
        for (const { refId } of w.attention.openOfSpecTask(now.id))
          if (refId !== undefined) deps.attention.settleAbout(w, refId, origin.actor);
      }),
  };
}

function changesFor({ agents }: TaskControlDeps, task: SpecTaskRecord, comment: string): AdHoc {
  const prompt = withBackground(comment, `# ${task.name}\n\n${task.prompt}`);
  return { description: comment, prompt, agent: agents.resolve(task.implementationAgents[0] as string).name };
}

/** INVALID_TRANSITION for every state but one, in the words of the table where that refuses too. */
function refuseUnlessMay(task: SpecTaskRecord, to: SpecTask['status'], only: SpecTask['status']): never {
  mayChange(specTaskTransitions, nameOf(task), task.status, to);
  throw new Failure('INVALID_TRANSITION', `${nameOf(task)} is ${task.status}; this is for one that is ${only}.`, {
    details: { from: task.status, to, allowed: specTaskTransitions[task.status] },
  });
}

function workSessionOf(w: Writer, task: SpecTaskRecord, label: string): WorkSessionRecord {
  const items = w.implTasks.ofSpecTask(task.id).filter(({ status }) => status !== 'obsolete');
  const item = items.find((row) => row.label === label);
  const found = item && w.workSessions.ofImplTask(item.id);
  if (found && reopenableStatuses.includes(found.status)) return found;
  if (found) {
    throw new Failure('PRECONDITION', `The work session of "${label}" is ${found.status}; changes are for those that are over.`, {
      details: { reason: 'not_over', workSessionId: found.id, status: found.status },
    });
  }
  const known = items.map((row) => row.label).slice(0, 20);
  throw new Failure('NOT_FOUND', `${nameOf(task)} has no work session for "${label}"; its items are ${known.join(', ')}.`, {
    details: { entity: 'implementation task', id: label, suggestions: known },
  });
}
