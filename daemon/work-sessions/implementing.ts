// startImplementation: the rows of the plan, and a work session for each selected item. Rows in one transaction; the work comes after it.
import type { OwnParamsOf, ResultOf } from '../../schemas/contract.ts';
import { Failure } from '../../schemas/errors.ts';
import type { ParsedPlan } from '../../schemas/plan.ts';
import { ImplementationSettings } from '../../schemas/spec-task.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Origin } from '../kernel/origin.ts';
import type { AgentRegistry } from '../models/registry.ts';
import { branchOfItem } from '../spec-tasks/branches.ts';
import { freshSpecTask, moveSpecTask, nameOf, specTaskSubject } from '../spec-tasks/transition.ts';
import { specTaskView } from '../spec-tasks/view.ts';
import { settle } from '../store/receipts.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { itemPrompt } from './item-prompt.ts';
import { selectItems } from './selecting.ts';
import { workSessionSubject } from './transition.ts';

export type StartImplementation = Omit<OwnParamsOf<'specTask.startImplementation'>, 'id' | 'project'>;
type Result = ResultOf<'specTask.startImplementation'>;

export interface ImplementDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly agents: Pick<AgentRegistry, 'resolve'>;
  /** The rows of the approved plan, or the one implicit row of a task without a plan. */
  readonly rowsFor: (task: SpecTaskRecord, plan: string | undefined) => { rows: ImplTaskRecord[]; waves: ParsedPlan['waves'] };
  readonly slotsPerTask: () => number;
}

const startable = ['spec_approved', 'queued_implementation', 'implementation', 'implementation_review', 'implementation_failed'];

export function startImplementation(
  deps: ImplementDeps,
  task: SpecTaskRecord,
  request: StartImplementation,
  origin: Origin,
): Promise<Result> {
  const { store } = deps;
  if (request.dryRun) return Promise.resolve(store.read((r) => preview(deps, r, freshSpecTask(r, task.id), request)));
  return store.write((w) => settle(w, origin.receipt, implementWithin(deps, w, task.id, request, origin)));
}

/** The same as a part of another change. */
export function implementWithin(deps: ImplementDeps, w: Writer, specTaskId: string, request: StartImplementation, origin: Origin): Result {
  const now = freshSpecTask(w, specTaskId);
  const { chosen, result } = decide(deps, w, now, request);
  if (w.implTasks.ofSpecTask(now.id).length === 0) writeRows(deps, w, now, origin);
  const rows = w.implTasks.ofSpecTask(now.id);
  const { select: _1, includeDependencies: _2, dryRun: _3, revision: _4, ...settings } = request;
  w.specTasks.change(now.id, { implementation: ImplementationSettings.parse(settings), startedAt: now.startedAt ?? deps.clock.now() });
  for (const { label } of chosen) {
    const item = rows.find((row) => row.label === label) as ImplTaskRecord;
    if (!w.workSessions.ofImplTask(item.id)) insertWorkSession(deps, w, now, item, request, origin);
  }
  const queued = freshSpecTask(w, now.id).status;
  if (queued === 'spec_approved') moveSpecTask(w, now.id, 'queued_implementation', { origin, now: deps.clock.now() });
  if (queued === 'implementation_review' && chosen.length > 0) moveSpecTask(w, now.id, 'implementation', { origin, now: deps.clock.now() });
  return { ...result, specTask: specTaskView(freshSpecTask(w, now.id)) };
}

function preview(deps: ImplementDeps, r: Reader, task: SpecTaskRecord, request: StartImplementation): Result {
  return { ...decide(deps, r, task, request).result, specTask: specTaskView(task) };
}

/** What would be selected; throws whatever is wrong with the request. */
function decide(deps: ImplementDeps, r: Reader, task: SpecTaskRecord, request: StartImplementation) {
  if (!startable.includes(task.status)) {
    throw new Failure('INVALID_TRANSITION', `${nameOf(task)} is ${task.status}; its plan must be approved before it is implemented.`, {
      details: { from: task.status, to: 'implementation', allowed: startable },
    });
  }
  if (request.revision !== undefined && request.revision !== task.approvedRevision) {
    throw new Failure('CONFLICT', `Revision ${request.revision} of ${nameOf(task)} is not the approved one.`, {
      details: { expected: request.revision, actual: task.approvedRevision ?? null },
    });
  }
  const written = r.implTasks.ofSpecTask(task.id);
  const { rows, waves } = written.length > 0 ? { rows: written, waves: null } : deps.rowsFor(task, planOf(r, task));
  const chosen = selectItems(rows, request, (id) => r.workSessions.ofImplTask(id) !== undefined);
  const selected = chosen.map((item) => {
    const existing = r.workSessions.ofImplTask(item.id);
    const agent = existing?.agent ?? agentFor(deps, task, item, request);
    return { label: item.label, title: item.title, agent, branch: branchOfItem(task.branchPrefix, item), exists: existing !== undefined };
  });
  return { chosen, result: { selected, waves } };
}

function planOf(r: Reader, task: SpecTaskRecord): string | undefined {
  return task.approvedRevision === undefined ? undefined : r.reviews.revision(task.id, task.approvedRevision)?.plan;
}

/** Chosen for the label, else what the plan says, if it is on the task's list, else the first of that. */
function agentFor({ agents }: ImplementDeps, task: SpecTaskRecord, item: ImplTaskRecord, request: StartImplementation): string {
  const fromPlan = item.agent !== undefined && task.implementationAgents.includes(item.agent) ? item.agent : undefined;
  const name = request.agents[item.label] ?? fromPlan ?? (task.implementationAgents[0] as string);
  return agents.resolve(name).name;
}

function writeRows(deps: ImplementDeps, w: Writer, task: SpecTaskRecord, origin: Origin): void {
  for (const row of deps.rowsFor(task, planOf(w, task)).rows) {
    w.implTasks.insert(row);
    const data = { implTaskId: row.id, label: row.label, title: row.title };
    w.events.append({ type: 'implTask.created', subject: specTaskSubject(task), actor: origin.actor, data });
  }
}

function insertWorkSession(
  deps: ImplementDeps,
  w: Writer,
  task: SpecTaskRecord,
  item: ImplTaskRecord,
  request: StartImplementation,
  origin: Origin,
): void {
  const revision = task.approvedRevision === undefined ? undefined : w.reviews.revision(task.id, task.approvedRevision);
  const record: WorkSessionRecord = {
    ...{ id: deps.ids.next('wks'), specTaskId: task.id, projectId: task.projectId, implTaskId: item.id, kind: 'planned', depth: 0 },
    ...{ name: item.title, description: item.description, status: 'pending', stage: 'waiting_dependencies', started: request.autoStart },
    prompt: itemPrompt({ specTask: task, item, revision, isWhole: revision === undefined }),
    ...{ required: true, mergeInto: 'integration', base: 'integration', dependsOn: [], branch: branchOfItem(task.branchPrefix, item) },
    ...{ attempt: 1, turnsSeen: 0, verifyAttempts: 0, agent: agentFor(deps, task, item, request), createdAt: deps.clock.now(), version: 1 },
  };
  w.workSessions.insert(record);
  const data = { workSessionId: record.id, name: record.name, kind: 'planned' as const, label: item.label, branch: record.branch };
  w.events.append({ type: 'workSession.created', subject: workSessionSubject(record), actor: origin.actor, data });
}
