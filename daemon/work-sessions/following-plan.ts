// What a replaced plan means for who waits to carry out an item of it.
import type { Clock } from '../kernel/clock.ts';
import { itemPrompt } from './item-prompt.ts';
import type { PlanFollowers } from './plan-changes.ts';
import { moveWorkSession } from './transition.ts';

export function createPlanFollowers({ clock }: { readonly clock: Clock }): PlanFollowers {
  return {
    /** Nobody has begun the item, so who is to do it is told its new words; one that was called off is to do it again. */
    retell(w, task, item, actor) {
      const workSession = w.workSessions.ofImplTask(item.id);
      if (!workSession) return;
      const revision = task.approvedRevision === undefined ? undefined : w.reviews.revision(task.id, task.approvedRevision);
      const prompt = itemPrompt({ specTask: task, item, revision, isWhole: false });
      const change = { name: item.title, description: item.description, prompt };
      if (workSession.status !== 'cancelled') w.workSessions.change(workSession.id, change);
      else moveWorkSession(w, workSession.id, { to: 'pending', stage: 'waiting_dependencies', change }, { actor, now: clock.now() });
    },
    callOff(w, implTaskId, why, actor) {
      const workSession = w.workSessions.ofImplTask(implTaskId);
      if (workSession && workSession.status !== 'cancelled')
        moveWorkSession(w, workSession.id, { to: 'cancelled', detail: why }, { actor, now: clock.now() });
    },
  };
}
