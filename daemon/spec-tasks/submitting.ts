// A new revision: immutable, and only with a plan that parses.
import { Failure } from '../../schemas/errors.ts';
import type { ParsedPlan } from '../../schemas/plan.ts';
import type { Revision } from '../../schemas/spec-task.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { mayChange } from '../kernel/transitions.ts';
import { settle } from '../store/receipts.ts';
import type { Store, Writer } from '../store/store.ts';
import type { RevisionRecord } from '../store/tables/reviews.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { retireComments } from './comments.ts';
import { specTaskTransitions } from './machine.ts';
import { assertPlan, digest, insertRevision, type NewRevision } from './revisions.ts';
import { freshSpecTask, moveSpecTask, nameOf, specTaskSubject } from './transition.ts';
import { revisionView } from './view.ts';

export interface SubmitDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly attention: AttentionService;
  readonly parsePlan: (text: string) => ParsedPlan;
}

/** Throws PLAN_INVALID with every place, INVALID_TRANSITION where no revision is awaited, CONFLICT for the one that was turned down. */
export async function submitSpecs(deps: SubmitDeps, task: SpecTaskRecord, documents: NewRevision, origin: Origin): Promise<Revision> {
  const parsed = assertPlan(deps.parsePlan(documents.plan));
  const sha256 = digest(documents);
  return deps.store.write((w) => {
    const now = freshSpecTask(w, task.id);
    const newest = w.reviews.newest(task.id);
    if (newest?.sha256 === sha256 && newest.status === 'changes_requested') {
      throw new Failure('CONFLICT', `Revision ${newest.number} of ${nameOf(now)} was turned down, and this is the same; change it first.`, {
        details: { expected: 'another text', actual: sha256 },
      });
    }
    // The same once more, while it is in review, is what a caller sends that did not see the answer.
    if (newest?.sha256 === sha256 && newest.status === 'in_review') return settle(w, origin.receipt, revisionView(newest));
    // In review a newer revision takes the place of the one before; the status stays.
    if (now.status !== 'spec_review') mayChange(specTaskTransitions, nameOf(now), now.status, 'spec_review');
    if (newest?.status === 'in_review') w.reviews.changeRevision(newest.id, { status: 'superseded' });
    const record = insertRevision(deps, w, now, documents, 'in_review');
    retireComments(w, now, record, origin.actor);
    const change = { revision: record.number, lastError: null };
    if (now.status === 'spec_review') w.specTasks.change(now.id, change);
    else moveSpecTask(w, now.id, 'spec_review', { origin, now: deps.clock.now(), change });
    const data = { revision: record.number, source: record.source, tasks: parsed.tasks.length };
    w.events.append({ type: 'specTask.specsSubmitted', subject: specTaskSubject(now), actor: origin.actor, data });
    raiseReview(deps, w, now, record, parsed);
    return settle(w, origin.receipt, revisionView(record));
  });
}

function raiseReview({ attention }: SubmitDeps, w: Writer, task: SpecTaskRecord, revision: RevisionRecord, parsed: ParsedPlan): void {
  attention.settleAbout(w, task.id, 'daemon', 'review');
  attention.raise(w, {
    kind: 'review',
    refId: task.id,
    title: `Review the plan of #${task.number} "${task.name}": revision ${revision.number}, ${parsed.tasks.length} items`,
    remedy: `coppice task approve ${task.id} --revision ${revision.number}`,
    projectId: task.projectId,
    specTaskId: task.id,
  });
}
