// What clients do with the items of an approved plan: look at them, and change those that have not started.
import type { OwnParamsOf, ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { ImplTask } from '../../schemas/impl-task.ts';
import type { Origin } from '../kernel/origin.ts';
import { specTaskSubject } from '../spec-tasks/transition.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Writer } from '../store/store.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import { present } from '../store/tables/rows.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { Change } from '../store/tables/table.ts';
import { type ControlDeps, cancelOne } from './control.ts';
import { implTaskView } from './impl-task-view.ts';
import { itemPrompt } from './item-prompt.ts';
import { scheduleOf } from './reactor/facts.ts';

type Edit = Omit<OwnParamsOf<'implTask.update'>, 'id'>;

export interface ImplTasks {
  /** In plan order; the cursor is the id of the last one that came. */
  list(
    task: SpecTaskRecord,
    statuses: readonly ImplTask['status'][] | undefined,
    cursor: string | undefined,
    limit: number,
  ): ResultOf<'implTask.list'>;
  /** Throws NOT_FOUND. */
  get(id: string): ImplTask;
  update(id: string, edit: Edit, origin: Origin): Promise<ImplTask>;
  skip(id: string, reason: string | undefined, origin: Origin): Promise<ImplTask>;
  /** Throws PLAN_INVALID with the path of a cycle. */
  setDependencies(id: string, dependencies: readonly string[], origin: Origin): Promise<ImplTask>;
}

export function createImplTasks(deps: ControlDeps): ImplTasks {
  const { store, limits } = deps;
  const view = (r: Reader, item: ImplTaskRecord): ImplTask => implTaskView(r, item, scheduleOf(r, limits()).waits);
  const change = (id: string, origin: Origin, work: (w: Writer, item: ImplTaskRecord) => void): Promise<ImplTask> =>
    store.write((w) => {
      work(w, find(w, id));
      return settle(w, origin.receipt, view(w, find(w, id)));
    });
  const write = (w: Writer, item: ImplTaskRecord, wanted: Change<ImplTaskRecord>, { actor }: Origin): void => {
    const keys = Object.entries(wanted).flatMap(([key, value]) =>
      value === undefined || JSON.stringify(value) === JSON.stringify(item[key as keyof ImplTaskRecord]) ? [] : [key],
    );
    if (keys.length === 0) return;
    w.implTasks.change(item.id, wanted);
    const data = { implTaskId: item.id, label: item.label, keys };
    w.events.append({ type: 'implTask.updated', subject: specTaskSubject(taskOf(w, item)), actor, data });
  };
  return {
    list: (task, statuses, cursor, limit) =>
      store.read((r) => {
        const all = r.implTasks.ofSpecTask(task.id).filter(({ status }) => statuses === undefined || statuses.includes(status));
        const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
        if (cursor !== undefined && from === 0) throw badCursor(cursor);
        const rows = all.slice(from, from + limit);
        const { waits } = scheduleOf(r, limits());
        const last = rows.at(-1);
        const more = from + limit < all.length && last ? { nextCursor: last.id } : {};
        return { implTasks: rows.map((row) => implTaskView(r, row, waits)), ...more };
      }),
    get: (id) => store.read((r) => view(r, find(r, id))),
    update: (id, edit, origin) =>
      change(id, origin, (w, item) => {
        assertNotStarted(w, item);
        write(w, item, present(edit) as Change<ImplTaskRecord>, origin);
        retell(w, find(w, id));
      }),
    skip: (id, reason = 'Its implementation task was skipped.', origin) =>
      change(id, origin, (w, item) => {
        if (item.status === 'skipped') return;
        assertNotStarted(w, item);
        const workSession = w.workSessions.ofImplTask(id);
        // Its status follows from the end of its work session, where it has one.
        if (workSession) return cancelOne(deps, w, workSession, reason, origin);
        w.implTasks.change(id, { status: 'skipped' });
        const data = { implTaskId: id, label: item.label, from: item.status, to: 'skipped' as const, reason };
        w.events.append({ type: 'implTask.statusChanged', subject: specTaskSubject(taskOf(w, item)), actor: origin.actor, data });
      }),
    setDependencies: (id, dependencies, origin) =>
      change(id, origin, (w, item) => {
        assertNotStarted(w, item);
        const wanted = [...new Set(dependencies)];
        assertPlan(w.implTasks.ofSpecTask(item.specTaskId), item, wanted);
        write(w, item, { dependencies: wanted }, origin);
      }),
  };
}

function find(r: Reader, id: string): ImplTaskRecord {
  const found = r.implTasks.get(id);
  if (found) return found;
  throw new Failure('NOT_FOUND', `There is no implementation task "${id}"; implTask.list shows those of a spec task.`, {
    details: { entity: 'implementation task', id },
  });
}

function taskOf(r: Reader, { specTaskId }: ImplTaskRecord): SpecTaskRecord {
  return r.specTasks.get(specTaskId) as SpecTaskRecord;
}

/** Pending, or blocked without ever having begun. */
function assertNotStarted(r: Reader, item: ImplTaskRecord): void {
  const workSession = r.workSessions.ofImplTask(item.id);
  const hasBegun = workSession !== undefined && (workSession.stage === 'provisioning' || workSession.worktreeId !== undefined);
  if ((item.status === 'pending' || item.status === 'blocked') && !hasBegun) return;
  throw new Failure(
    'INVALID_TRANSITION',
    `Implementation task "${item.label}" is ${item.status}; only one that has not started is changed.`,
    {
      details: { from: item.status, to: item.status, allowed: ['pending'] },
    },
  );
}

/** The prompt is made of the item, and nobody was told it yet. */
function retell(w: Writer, item: ImplTaskRecord): void {
  const workSession = w.workSessions.ofImplTask(item.id);
  if (!workSession) return;
  const specTask = taskOf(w, item);
  const revision = specTask.approvedRevision === undefined ? undefined : w.reviews.revision(specTask.id, specTask.approvedRevision);
  const prompt = itemPrompt({ specTask, item, revision, isWhole: revision === undefined });
  w.workSessions.change(workSession.id, { prompt, name: item.title, description: item.description });
}

function assertPlan(all: readonly ImplTaskRecord[], item: ImplTaskRecord, wanted: readonly string[]): void {
  const byId = new Map(all.map((one) => [one.id, one.id === item.id ? { ...one, dependencies: [...wanted] } : one]));
  const stranger = wanted.find((id) => !byId.has(id));
  if (stranger !== undefined) throw invalid('unknown_dependency', `"${stranger}" is no implementation task of this spec task.`);
  const path = cycleFrom(item.id, byId);
  if (path === undefined) return;
  const labels = path.map((id) => byId.get(id)?.label ?? id).join(' → ');
  throw invalid(path.length === 2 ? 'self_dependency' : 'dependency_cycle', `"${item.label}" would wait for itself: ${labels}.`);
}

/** The way from an item back to it, by what each depends on. */
function cycleFrom(start: string, byId: ReadonlyMap<string, ImplTaskRecord>): string[] | undefined {
  const seen = new Set<string>();
  const walk = (id: string, path: readonly string[]): string[] | undefined => {
    for (const next of byId.get(id)?.dependencies ?? []) {
      if (next === start) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...path, next]);
      if (found) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

function invalid(code: string, message: string): Failure {
  return new Failure('PLAN_INVALID', message, { details: { diagnostics: [{ level: 'error', code, message }] } });
}

function badCursor(cursor: string): Failure {
  const message = `"${cursor}" is no cursor of these tasks; take the nextCursor of the page before.`;
  return new Failure('INVALID_PARAMS', message, { details: { issues: [{ path: ['cursor'], message }] } });
}
