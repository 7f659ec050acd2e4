// What a new revision of a plan does to the implementation tasks that are there, and to who was to carry them out.
import type { ResultOf } from '../../schemas/contract.ts';
import type { AttentionService } from '../attention/service.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import { type Decision, type KeptTask, matchRevision } from '../spec-tasks/plan/match-revision.ts';
import { specTaskSubject } from '../spec-tasks/transition.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { itemPrompt } from './item-prompt.ts';
import { moveWorkSession } from './transition.ts';

type Kept = ImplTaskRecord & KeptTask;
type Made = Decision<Kept, ImplTaskRecord>;
type Change = ResultOf<'specTask.updatePlan'>['changes'][number];

const changeOf = {
  create: 'added',
  keep: 'unchanged',
  update: 'updated',
  drift: 'drifted',
  obsolete: 'obsolete',
  ask: 'question',
} as const;

export interface PlanChange {
  /** With the new revision as the approved one. */
  readonly task: SpecTaskRecord;
  /** Of the new plan, with ids of their own. */
  readonly rows: readonly ImplTaskRecord[];
  readonly origin: Origin;
}

export interface PlanChangeDeps {
  readonly clock: Clock;
  readonly attention: AttentionService;
}

/** What was decided of each, first those of the new plan in its order. */
export function applyPlan(deps: PlanChangeDeps, w: Writer, change: PlanChange): Change[] {
  const kept = w.implTasks
    .ofSpecTask(change.task.id)
    .map((row): Kept => ({ ...row, started: hasStarted(w, row), obsolete: row.status === 'obsolete' }));
  const decisions = matchRevision(kept, change.rows);
  // Rows that stay keep their id, so what depends on a new row by its new id is told the old one.
  const idOf = new Map(decisions.flatMap((made) => ('task' in made && 'kept' in made ? [[made.task.id, made.kept.id] as const] : [])));
  for (const made of decisions) {
    const row = 'task' in made ? { ...made.task, dependencies: made.task.dependencies.map((id) => idOf.get(id) ?? id) } : undefined;
    carryOut(deps, w, { ...change, made, row });
  }
  return decisions.map((made) => ({ label: 'task' in made ? made.task.label : made.kept.label, change: changeOf[made.action] }));
}

function hasStarted(r: Reader, { id, status, startedHint }: ImplTaskRecord): boolean {
  return status === 'completed' || startedHint || r.workSessions.ofImplTask(id)?.startedAt !== undefined;
}

interface One extends PlanChange {
  readonly made: Made;
  /** As the new plan has it. */
  readonly row: ImplTaskRecord | undefined;
}

function carryOut(deps: PlanChangeDeps, w: Writer, one: One): void {
  const { made, row, task, origin } = one;
  switch (made.action) {
    case 'create':
      if (row) insert(w, one, row);
      return;
    case 'keep':
      if (row) w.implTasks.change(made.kept.id, { ...placeOf(row), dependencies: row.dependencies, drifted: false });
      deps.attention.settleAbout(w, made.kept.id, origin.actor);
      return;
    case 'update':
      if (row) update(deps, w, one, made.kept, row);
      return;
    case 'drift':
      if (row) w.implTasks.change(made.kept.id, { ...placeOf(row), drifted: true });
      raise(deps, w, task, made.kept, 'drifted', 'The plan says something else than what was started of');
      return;
    case 'obsolete':
      obsolete(deps, w, one, made.kept);
      return;
    case 'ask':
      raise(deps, w, task, made.kept, 'question', 'Gone from the plan, though it was started:');
  }
}

function placeOf({ index, label, planRevision }: ImplTaskRecord) {
  return { index, label, planRevision };
}

function insert(w: Writer, { task, origin }: One, row: ImplTaskRecord): void {
  w.implTasks.insert(row);
  const data = { implTaskId: row.id, label: row.label, title: row.title };
  w.events.append({ type: 'implTask.created', subject: specTaskSubject(task), actor: origin.actor, data });
}

/** Nobody began, so whoever is to do it is told the new words, and one that was taken out is back. */
function update(deps: PlanChangeDeps, w: Writer, { task, origin }: One, kept: ImplTaskRecord, row: ImplTaskRecord): void {
  const { id: _1, createdAt: _2, status, ...said } = row;
  const isBack = kept.status === 'obsolete';
  w.implTasks.change(kept.id, { ...said, ...(isBack ? { status } : {}) });
  const keys = (['title', 'description', 'acceptance', 'dependencies'] as const).filter(
    (key) => JSON.stringify(kept[key]) !== JSON.stringify(row[key]),
  );
  const data = { implTaskId: kept.id, label: row.label, keys };
  w.events.append({ type: 'implTask.updated', subject: specTaskSubject(task), actor: origin.actor, data });
  const workSession = w.workSessions.ofImplTask(kept.id);
  if (!workSession) return;
  const revision = task.approvedRevision === undefined ? undefined : w.reviews.revision(task.id, task.approvedRevision);
  const prompt = itemPrompt({ specTask: task, item: row, revision, isWhole: false });
  const change = { name: row.title, description: row.description, prompt };
  if (isBack && workSession.status === 'cancelled')
    move(deps, w, workSession, origin, { to: 'pending', stage: 'waiting_dependencies', change });
  else w.workSessions.change(workSession.id, change);
}

function obsolete(deps: PlanChangeDeps, w: Writer, { task, origin }: One, row: ImplTaskRecord): void {
  const reason = 'gone from the plan';
  w.implTasks.change(row.id, { status: 'obsolete' });
  const data = { implTaskId: row.id, label: row.label, from: row.status, to: 'obsolete' as const, reason };
  w.events.append({ type: 'implTask.statusChanged', subject: specTaskSubject(task), actor: origin.actor, data });
  const workSession = w.workSessions.ofImplTask(row.id);
  if (workSession && workSession.status !== 'cancelled')
    move(deps, w, workSession, origin, { to: 'cancelled', detail: `It is ${reason}.` });
}

function move(
  { clock }: PlanChangeDeps,
  w: Writer,
  { id }: WorkSessionRecord,
  { actor }: Origin,
  to: Parameters<typeof moveWorkSession>[2],
): void {
  moveWorkSession(w, id, to, { actor, now: clock.now() });
}

function raise(
  { attention }: PlanChangeDeps,
  w: Writer,
  task: SpecTaskRecord,
  row: ImplTaskRecord,
  kind: 'drifted' | 'question',
  what: string,
): void {
  const workSession = w.workSessions.ofImplTask(row.id);
  attention.raise(w, {
    ...{ kind, refId: row.id, title: `${what} ${row.label} "${row.title}"`, projectId: task.projectId, specTaskId: task.id },
    ...(workSession === undefined ? {} : { workSessionId: workSession.id, remedy: `coppice work cancel ${workSession.id}` }),
  });
}
