// A new plan while the old one is being worked on: what started is never lost, and the rest follows the new one. One transaction.
import type { ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { Origin } from '../kernel/origin.ts';
import { assertPlan, insertRevision } from '../spec-tasks/revisions.ts';
import type { RowsForPlan } from '../spec-tasks/rows-for-plan.ts';
import type { SubmitDeps } from '../spec-tasks/submitting.ts';
import { assertVersion, freshSpecTask, nameOf, specTaskSubject } from '../spec-tasks/transition.ts';
import { specTaskView } from '../spec-tasks/view.ts';
import { settle } from '../store/receipts.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { applyPlan, type PlanChangeDeps } from './plan-changes.ts';

export interface UpdatePlanDeps extends SubmitDeps, PlanChangeDeps {
  readonly rowsFor: RowsForPlan;
}

const updatable: readonly SpecTaskRecord['status'][] = [
  'spec_approved',
  'queued_implementation',
  'implementation',
  'implementation_review',
  'implementation_failed',
];

/** Throws PLAN_INVALID, INVALID_TRANSITION before there is an approved plan, CONFLICT for another version. */
export async function updatePlan(
  deps: UpdatePlanDeps,
  task: SpecTaskRecord,
  { plan, ifVersion }: { readonly plan: string; readonly ifVersion?: number | undefined },
  origin: Origin,
): Promise<ResultOf<'specTask.updatePlan'>> {
  assertPlan(deps.parsePlan(plan));
  return deps.store.write((w) => {
    const before = freshSpecTask(w, task.id);
    assertVersion(before, ifVersion);
    if (!updatable.includes(before.status)) throw notYet(before);
    const former = w.reviews.newest(before.id);
    const { requirements = '', design = '' } = former ?? {};
    const revision = insertRevision(deps, w, before, { requirements, design, plan, source: 'human' }, 'approved');
    const at = deps.clock.now();
    // Whoever replaces an approved plan has approved the new one.
    const approvals = [{ by: origin.actor, at: new Date(at).toISOString() }];
    w.reviews.changeRevision(revision.id, { approvals, decidedBy: origin.actor, decidedAt: at });
    if (former?.status === 'approved') w.reviews.changeRevision(former.id, { status: 'superseded' });
    w.specTasks.change(before.id, { revision: revision.number, approvedRevision: revision.number });
    const now = freshSpecTask(w, before.id);
    const changes = applyPlan(deps, w, { task: now, rows: deps.rowsFor(now, plan).rows, origin });
    const data = { revision: revision.number };
    w.events.append({ type: 'specTask.planUpdated', subject: specTaskSubject(now), actor: origin.actor, data });
    return settle(w, origin.receipt, { specTask: specTaskView(now), revision: revision.number, changes });
  });
}

function notYet(task: SpecTaskRecord): Failure {
  const details = { from: task.status, to: task.status, allowed: updatable };
  return new Failure(
    'INVALID_TRANSITION',
    `${nameOf(task)} is ${task.status}; submit a revision instead while there is no approved plan.`,
    {
      details,
    },
  );
}
