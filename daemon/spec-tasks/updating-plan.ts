// A new plan while the old one is being worked on: what started is never lost, and the rest follows the new one. One transaction.
import type { ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Origin } from '../kernel/origin.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { type Decision, type KeptTask, matchRevision } from './plan/match-revision.ts';
import { parsePlan } from './plan/parse-plan.ts';
import type { RowsForPlan } from './rows-for-plan.ts';
import { assertPlan, insertRevision, type SubmitDeps } from './submitting.ts';
import { assertVersion, freshSpecTask, nameOf, specTaskSubject } from './transition.ts';
import { specTaskView } from './view.ts';

type Result = ResultOf<'specTask.updatePlan'>;
type Kept = ImplTaskRecord & KeptTask;
type Made = Decision<Kept, ImplTaskRecord>;

export interface UpdatePlanDeps extends SubmitDeps {
  readonly attention: AttentionService;
  readonly rowsFor: RowsForPlan;
}

const updatable: readonly SpecTaskRecord['status'][] = [
  'spec_approved',
  'queued_implementation',
  'implementation',
  'implementation_review',
  'implementation_failed',
];

const changeOf = {
  create: 'added',
  keep: 'unchanged',
  update: 'updated',
  drift: 'drifted',
  obsolete: 'obsolete',
  ask: 'question',
} as const;

/** Throws PLAN_INVALID, INVALID_TRANSITION before there is an approved plan, CONFLICT for another version. */
export async function updatePlan(
  deps: UpdatePlanDeps,
  task: SpecTaskRecord,
  { plan, ifVersion }: { readonly plan: string; readonly ifVersion?: number | undefined },
  origin: Origin,
): Promise<Result> {
  assertPlan(parsePlan(plan));
  return deps.store.write((w) => {
    const now = freshSpecTask(w, task.id);
    assertVersion(now, ifVersion);
    if (!updatable.includes(now.status)) throw notYet(now);
    const revision = insertRevision(deps, w, now, { ...documentsOf(w, now), plan, source: 'human' }, 'approved');
    w.specTasks.change(now.id, { revision: revision.number, approvedRevision: revision.number });
    const { rows } = deps.rowsFor({ ...now, approvedRevision: revision.number }, plan);
    const kept = w.implTasks
      .ofSpecTask(now.id)
      .map((row): Kept => ({ ...row, started: hasStarted(w, row), obsolete: row.status === 'obsolete' }));
    const decisions = matchRevision(kept, rows);
    carryOut(deps, w, { task: now, decisions, origin });
    const data = { revision: revision.number };
    w.events.append({ type: 'specTask.planUpdated', subject: specTaskSubject(now), actor: origin.actor, data });
    const changes = decisions.map((made) => ({ label: labelOf(made), change: changeOf[made.action] }));
    return settle(w, origin.receipt, { specTask: specTaskView(freshSpecTask(w, now.id)), revision: revision.number, changes });
  });
}

function documentsOf(r: Reader, task: SpecTaskRecord): { requirements: string; design: string } {
  const { requirements = '', design = '' } = r.reviews.newest(task.id) ?? {};
  return { requirements, design };
}

function hasStarted(r: Reader, { id, status, startedHint }: ImplTaskRecord): boolean {
  const workSession = r.workSessions.ofImplTask(id);
  return status === 'completed' || startedHint || (workSession !== undefined && workSession.startedAt !== undefined);
}

function labelOf(made: Made): string {
  return made.action === 'obsolete' || made.action === 'ask' ? made.kept.label : made.task.label;
}

interface CarryOut {
  readonly task: SpecTaskRecord;
  readonly decisions: readonly Made[];
  readonly origin: Origin;
}

function carryOut({ attention }: UpdatePlanDeps, w: Writer, { task, decisions, origin }: CarryOut): void {
  const subject = specTaskSubject(task);
  // Rows that stay keep their id, so what depends on a new row by its new id must be told the old one.
  const idOf = new Map(decisions.flatMap((made) => ('kept' in made && 'task' in made ? [[made.task.id, made.kept.id] as const] : [])));
  const own = (row: ImplTaskRecord) => row.dependencies.map((id) => idOf.get(id) ?? id);
  for (const made of decisions) {
    switch (made.action) {
      case 'create': {
        w.implTasks.insert({ ...made.task, dependencies: own(made.task) });
        const { id, label, title } = made.task;
        w.events.append({ type: 'implTask.created', subject, actor: origin.actor, data: { implTaskId: id, label, title } });
        break;
      }
      case 'keep':
        w.implTasks.change(made.kept.id, {
          index: made.task.index,
          label: made.task.label,
          planRevision: made.task.planRevision,
          dependencies: own(made.task),
        });
        break;
      case 'update': {
        const { id: _, createdAt: __, status, ...said } = made.task;
        w.implTasks.change(made.kept.id, { ...said, dependencies: own(made.task), ...(made.kept.obsolete ? { status } : {}) });
        const data = { implTaskId: made.kept.id, label: made.task.label, keys: ['title', 'description', 'acceptance', 'dependencies'] };
        w.events.append({ type: 'implTask.updated', subject, actor: origin.actor, data });
        break;
      }
      case 'drift':
        w.implTasks.change(made.kept.id, { drifted: true, index: made.task.index, label: made.task.label });
        raise(
          attention,
          w,
          task,
          made.kept,
          `The plan says something else of ${made.task.label} "${made.kept.title}" than what was started`,
        );
        break;
      case 'obsolete':
        obsolete(w, task, made.kept, origin);
        break;
      case 'ask':
        raise(attention, w, task, made.kept, `${made.kept.label} "${made.kept.title}" is gone from the plan, and was started`);
    }
  }
}

function obsolete(w: Writer, task: SpecTaskRecord, row: ImplTaskRecord, { actor }: Origin): void {
  w.implTasks.change(row.id, { status: 'obsolete' });
  const data = { implTaskId: row.id, label: row.label, from: row.status, to: 'obsolete' as const, reason: 'gone from the plan' };
  w.events.append({ type: 'implTask.statusChanged', subject: specTaskSubject(task), actor, data });
}

function raise(attention: AttentionService, w: Writer, task: SpecTaskRecord, row: ImplTaskRecord, title: string): void {
  const workSession = w.workSessions.ofImplTask(row.id);
  attention.raise(w, {
    ...{ kind: 'drifted', refId: row.id, title, projectId: task.projectId, specTaskId: task.id },
    ...(workSession === undefined ? {} : { workSessionId: workSession.id, remedy: `coppice work cancel ${workSession.id}` }),
  });
}

function notYet(task: SpecTaskRecord): Failure {
  return new Failure(
    'INVALID_TRANSITION',
    `${nameOf(task)} is ${task.status}; submit a revision instead while there is no approved plan.`,
    {
      details: { from: task.status, to: task.status, allowed: updatable },
    },
  );
}
