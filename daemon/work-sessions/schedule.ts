// Which work sessions may begin now, and why the others wait. A pure function of the rows, so that every occasion may ask it again.
import type { Effort } from '../../schemas/impl-task.ts';
import type { Priority } from '../../schemas/spec-task.ts';
import { priorities } from '../../schemas/task-words.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { isConversation } from './conversation.ts';
import { overlapOf } from './file-overlap.ts';

export interface TaskFacts {
  readonly specTaskId: string;
  readonly priority: Priority;
  readonly maxConcurrent: number;
  /** false: nothing new begins, because it is paused or something failed under its policy. */
  readonly mayStart: boolean;
  readonly implTasks: readonly ImplTaskRecord[];
  /** All of the spec task, ended ones too. */
  readonly workSessions: readonly WorkSessionRecord[];
}

export interface Schedule {
  /** May be provisioned now, in this order. */
  readonly ready: readonly WorkSessionRecord[];
  /** Why each other pending one waits, in words. */
  readonly waits: ReadonlyMap<string, string>;
  /** Can not begin any more unless what it depends on is retried: by its id, the names of what failed. */
  readonly hopeless: ReadonlyMap<string, string>;
  /** Of those that wait, the ones whose dependencies are not there; the others could begin if there were room. */
  readonly unmet: ReadonlySet<string>;
}

const weight: Readonly<Record<Effort, number>> = { small: 1, medium: 2, large: 4 };

interface Candidate {
  readonly task: TaskFacts;
  readonly workSession: WorkSessionRecord;
  readonly impl: ImplTaskRecord | undefined;
  readonly path: number;
}

export function schedule(tasks: readonly TaskFacts[], slots: number): Schedule {
  const waits = new Map<string, string>();
  const hopeless = new Map<string, string>();
  const unmet = new Set<string>();
  const candidates = tasks.flatMap((task) => candidatesOf(task, { waits, hopeless, unmet }));
  const running = tasks.flatMap(({ workSessions }) => workSessions.filter(holdsSlot));
  const taken = new Map(tasks.map((task) => [task.specTaskId, [...task.workSessions.filter(holdsSlot)]]));
  const ready: WorkSessionRecord[] = [];
  for (const { task, workSession, impl } of candidates.sort(byUrgency)) {
    const own = taken.get(task.specTaskId) as WorkSessionRecord[];
    if (isConversation(workSession)) {
      ready.push(workSession);
      continue;
    }
    const reason = slotReason(task, own.length, running.length, slots) ?? fileReason(task, impl, own);
    if (reason !== undefined) {
      waits.set(workSession.id, reason);
      continue;
    }
    own.push(workSession);
    running.push(workSession);
    ready.push(workSession);
  }
  return { ready, waits, hopeless, unmet };
}

/** From provisioning until it has ended; a blocked one gives its slot away unless it is asked again soon. Who talks waits for nobody. */
export function holdsSlot(one: WorkSessionRecord): boolean {
  const { status, stage } = one;
  if (isConversation(one)) return false;
  return status === 'active' || (status === 'pending' && stage === 'provisioning');
}

interface Findings {
  readonly waits: Map<string, string>;
  readonly hopeless: Map<string, string>;
  readonly unmet: Set<string>;
}

function candidatesOf(task: TaskFacts, { waits, hopeless, unmet }: Findings): Candidate[] {
  const implOf = new Map(task.implTasks.map((impl) => [impl.id, impl]));
  const neededBy = dependenciesIn(task, implOf);
  const paths = remainingPaths(task.implTasks);
  return task.workSessions.filter(waitsToBegin).flatMap((workSession) => {
    const impl = workSession.implTaskId === undefined ? undefined : implOf.get(workSession.implTaskId);
    const needed = neededBy(workSession);
    const failed = needed.filter(({ failed }) => failed).map(({ name }) => name);
    if (failed.length > 0) hopeless.set(workSession.id, failed.join(', '));
    if (needed.length > 0) unmet.add(workSession.id);
    const reason =
      needed.length > 0
        ? `waits for ${needed.map(({ name }) => name).join(', ')}`
        : !workSession.started
          ? 'waits to be started'
          : !task.mayStart
            ? 'waits: its spec task starts nothing new'
            : undefined;
    if (reason !== undefined) {
      waits.set(workSession.id, reason);
      return [];
    }
    return [{ task, workSession, impl, path: impl === undefined ? 0 : (paths.get(impl.id) ?? 0) }];
  });
}

/** Pending, or blocked before it ever began, since what it needs failed: that may be retried. */
function waitsToBegin({ status, stage, blockedReason, worktreeId }: WorkSessionRecord): boolean {
  if (status === 'pending') return stage !== 'provisioning';
  return status === 'blocked' && blockedReason === 'dependency_failed' && worktreeId === undefined;
}

interface Dependency {
  readonly name: string;
  readonly failed: boolean;
}

/** What a work session still needs. What is to begin and needs something that failed has as good as failed itself. */
function dependenciesIn({ workSessions }: TaskFacts, implOf: ReadonlyMap<string, ImplTaskRecord>) {
  const ofImpl = new Map(workSessions.flatMap((one) => (one.implTaskId === undefined ? [] : [[one.implTaskId, one] as const])));
  const byId = new Map(workSessions.map((one) => [one.id, one]));
  const known = new Map<string, readonly Dependency[]>();
  const asDependency = (name: string, one: WorkSessionRecord | undefined): Dependency => ({
    name,
    failed: one !== undefined && (one.status === 'failed' || (waitsToBegin(one) && neededBy(one).some(({ failed }) => failed))),
  });
  /** Nothing once it is done and merged: a work session is completed only then. */
  const onItem = (impl: ImplTaskRecord | undefined): Dependency[] => {
    const one = impl && ofImpl.get(impl.id);
    if (!impl || impl.status === 'skipped' || impl.status === 'obsolete') return [];
    if (impl.status === 'completed' && (one === undefined || one.status === 'completed')) return [];
    return [asDependency(impl.label, one)];
  };
  const onSession = (one: WorkSessionRecord | undefined): Dependency[] =>
    !one || one.status === 'completed' || one.status === 'cancelled' ? [] : [asDependency(`"${one.name}"`, one)];
  const neededBy = ({ id, implTaskId, dependsOn }: WorkSessionRecord): readonly Dependency[] => {
    const found = known.get(id);
    if (found) return found;
    // Plans with a cycle are refused; this keeps one finite all the same.
    known.set(id, []);
    const impl = implTaskId === undefined ? undefined : implOf.get(implTaskId);
    const needed = [
      ...(impl?.dependencies ?? []).flatMap((one) => onItem(implOf.get(one))),
      ...dependsOn.flatMap((one) => onSession(byId.get(one))),
    ];
    known.set(id, needed);
    return needed;
  };
  return neededBy;
}

function slotReason(task: TaskFacts, own: number, all: number, slots: number): string | undefined {
  if (task.maxConcurrent > 0 && own >= task.maxConcurrent)
    return `waits for a slot: ${own} of ${task.maxConcurrent} of this task are taken`;
  return slots > 0 && all >= slots ? `waits for a slot: all ${slots} are taken` : undefined;
}

function fileReason({ implTasks }: TaskFacts, impl: ImplTaskRecord | undefined, running: readonly WorkSessionRecord[]): string | undefined {
  if (!impl || impl.parallel || impl.files.length === 0) return undefined;
  for (const { implTaskId } of running) {
    const other = implTasks.find(({ id }) => id === implTaskId);
    if (!other || other.parallel) continue;
    const file = overlapOf(impl.files, other.files);
    if (file !== undefined) return `waits for ${other.label}, which touches "${file}" too`;
  }
  return undefined;
}

/** The most urgent first: priority of the spec task and of the item, then the longest path that hangs on it, then plan order. */
function byUrgency(a: Candidate, b: Candidate): number {
  return (
    priorities.indexOf(b.task.priority) - priorities.indexOf(a.task.priority) ||
    priorities.indexOf(b.impl?.priority ?? 'medium') - priorities.indexOf(a.impl?.priority ?? 'medium') ||
    b.path - a.path ||
    (a.impl?.index ?? Number.MAX_SAFE_INTEGER) - (b.impl?.index ?? Number.MAX_SAFE_INTEGER) ||
    (a.workSession.id < b.workSession.id ? -1 : 1)
  );
}

/** The weight of each item and of the heaviest chain of unfinished items that depend on it. */
export function remainingPaths(implTasks: readonly ImplTaskRecord[]): Map<string, number> {
  const open = implTasks.filter(({ status }) => status !== 'completed' && status !== 'skipped' && status !== 'obsolete');
  const dependents = new Map<string, ImplTaskRecord[]>();
  for (const task of open) for (const id of task.dependencies) dependents.set(id, [...(dependents.get(id) ?? []), task]);
  const paths = new Map<string, number>();
  const visit = (task: ImplTaskRecord): number => {
    const known = paths.get(task.id);
    if (known !== undefined) return known;
    // A cycle never gets here: a plan with one is refused. Zero keeps this finite all the same.
    paths.set(task.id, 0);
    const longest = Math.max(0, ...(dependents.get(task.id) ?? []).map(visit));
    paths.set(task.id, weight[task.effort] + longest);
    return weight[task.effort] + longest;
  };
  for (const task of open) visit(task);
  return paths;
}
