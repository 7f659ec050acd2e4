// What people decide of a revision. An approval names one exact revision; a stale number is a conflict, never another revision's approval.
import { Failure } from '../../schemas/errors.ts';
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import { mayChange } from '../kernel/transitions.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import type { RevisionRecord } from '../store/tables/reviews.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { insertComment, noRevision } from './comments.ts';
import { specTaskTransitions } from './machine.ts';
import { freshSpecTask, moveSpecTask, nameOf, specTaskSubject } from './transition.ts';
import { specTaskView } from './view.ts';

export interface DecideDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly attention: AttentionService;
}

/** Throws CONFLICT for a stale number, PRECONDITION while a blocking comment is open. Approved already: succeeds without an event. */
export function approve({ store, clock, attention }: DecideDeps, task: SpecTaskRecord, number: number, origin: Origin): Promise<SpecTask> {
  return store.write((w) => {
    const now = freshSpecTask(w, task.id);
    if (now.approvedRevision === number) return settle(w, origin.receipt, specTaskView(now));
    const revision = newestOf(w, now, number);
    if (now.status !== 'spec_review') mayChange(specTaskTransitions, nameOf(now), now.status, 'spec_approved');
    assertNothingOpen(w, now);
    const at = clock.now();
    const others = revision.approvals.filter(({ by }) => by !== origin.actor);
    const approvals = [...others, { by: origin.actor, at: new Date(at).toISOString() }];
    const missing = now.approvalsRequired - approvals.length;
    const subject = specTaskSubject(now);
    if (missing > 0) {
      w.reviews.changeRevision(revision.id, { approvals });
      const data = { revision: number, by: origin.actor, missing };
      if (others.length === revision.approvals.length)
        w.events.append({ type: 'specTask.approvalRecorded', subject, actor: origin.actor, data });
      return settle(w, origin.receipt, specTaskView(now));
    }
    w.reviews.changeRevision(revision.id, { approvals, status: 'approved', decidedBy: origin.actor, decidedAt: at });
    const change = { approvedRevision: number, approvedAt: at };
    const approved = moveSpecTask(w, now.id, 'spec_approved', { origin, now: at, change });
    w.events.append({ type: 'specTask.approved', subject, actor: origin.actor, data: { revision: number } });
    attention.settleAbout(w, now.id, origin.actor, 'review');
    return settle(w, origin.receipt, specTaskView(approved));
  });
}

/** Needs something to say: an open comment, or one given now. The planner gets all that is open as its next prompt. */
export function requestChanges(
  { store, clock, ids, attention }: DecideDeps,
  task: SpecTaskRecord,
  { revision: number, comment }: { revision: number; comment?: string | undefined },
  origin: Origin,
): Promise<SpecTask> {
  return store.write((w) => {
    const now = freshSpecTask(w, task.id);
    const revision = newestOf(w, now, number);
    // Turned down already; the same again is no second time.
    if (revision.status === 'changes_requested' && comment === undefined) return settle(w, origin.receipt, specTaskView(now));
    mayChange(specTaskTransitions, nameOf(now), now.status, 'spec_revision');
    const at = clock.now();
    if (comment !== undefined) {
      const said = { revision: number, document: 'plan', body: comment, blocking: true } as const;
      insertComment(w, { task: now, comment: said, origin, id: ids.next('cmt'), now: at });
    }
    const open = w.reviews.openComments(now.id);
    if (open.length === 0) {
      throw new Failure(
        'PRECONDITION',
        `Nothing is said of revision ${number}; give a comment, so that the planner knows what to change.`,
        {
          details: { reason: 'no_comment' },
        },
      );
    }
    w.reviews.changeRevision(revision.id, { status: 'changes_requested', decidedBy: origin.actor, decidedAt: at });
    const moved = moveSpecTask(w, now.id, 'spec_revision', { origin, now: at });
    const data = { revision: number, comments: open.length };
    w.events.append({ type: 'specTask.changesRequested', subject: specTaskSubject(now), actor: origin.actor, data });
    attention.settleAbout(w, now.id, origin.actor, 'review');
    return settle(w, origin.receipt, specTaskView(moved));
  });
}

/** The revision of this number, when it is the newest one. */
function newestOf(r: Reader, task: SpecTaskRecord, number: number): RevisionRecord {
  const newest = r.reviews.newest(task.id);
  if (!newest || number > newest.number) throw noRevision(task, number);
  if (newest.number === number) return newest;
  throw new Failure('CONFLICT', `Revision ${number} of ${nameOf(task)} is stale: ${newest.number} is there; look at that one.`, {
    details: { expected: number, actual: newest.number },
  });
}

function assertNothingOpen(w: Writer, task: SpecTaskRecord): void {
  const open = w.reviews.openComments(task.id).filter(({ blocking }) => blocking);
  if (open.length === 0) return;
  throw new Failure('PRECONDITION', `${open.length} blocking comments on ${nameOf(task)} are open; resolve them, or request changes.`, {
    details: { reason: 'open_comments', comments: open.map(({ id }) => id) },
  });
}
