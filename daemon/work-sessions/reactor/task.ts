// What is to be done for a spec task as a whole: who begins, and whether all of it is over.
import { byDaemon } from '../../kernel/origin.ts';
import { freshSpecTask, moveSpecTask } from '../../spec-tasks/transition.ts';
import type { Reader, Writer } from '../../store/store.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkDeps } from '../needs.ts';
import { type TaskMeaning, taskMeaning } from '../task-end.ts';
import { moveWorkSession } from '../transition.ts';
import { fail } from './ending.ts';
import { scheduleOf } from './facts.ts';

const daemon = byDaemon.actor;

/** One thing; true when there may be more. */
export async function advanceTask(deps: WorkDeps, id: string): Promise<boolean> {
  const task = deps.store.read((r) => r.specTasks.get(id));
  if (task?.status === 'queued_implementation') return begin(deps, task);
  if (task?.status !== 'implementation') return false;
  if (await claim(deps, id)) return true;
  return conclude(deps, id);
}

async function begin({ store, clock, merging }: WorkDeps, task: SpecTaskRecord): Promise<boolean> {
  // Without its settings nobody has said yet what is to be implemented.
  if (task.implementation === undefined) return false;
  await merging.ensureIntegration(task);
  await store.write((w) => {
    if (freshSpecTask(w, task.id).status === 'queued_implementation')
      moveSpecTask(w, task.id, 'implementation', { origin: byDaemon, now: clock.now() });
  });
  return true;
}

/** Scheduled and written in one transaction, so that two looks never give one slot twice. */
function claim({ store, clock, limits }: WorkDeps, specTaskId: string): Promise<boolean> {
  const nothing = store.read((r) => changesOf(r, specTaskId, limits()).length === 0);
  if (nothing) return Promise.resolve(false);
  return store.write((w) => {
    const changes = changesOf(w, specTaskId, limits());
    for (const { id, ...move } of changes) moveWorkSession(w, id, move, { actor: daemon, now: clock.now() });
    return changes.length > 0;
  });
}

type Move = Parameters<typeof moveWorkSession>[2] & { readonly id: string };

function changesOf(r: Reader, specTaskId: string, limits: ReturnType<WorkDeps['limits']>): Move[] {
  const { ready, waits, hopeless, unmet } = scheduleOf(r, limits);
  const isReady = new Set(ready.map(({ id }) => id));
  return r.workSessions.ofSpecTask(specTaskId).flatMap((one): Move[] => {
    const { id } = one;
    if (isReady.has(id)) return [{ id, to: 'pending', stage: 'provisioning' }];
    if (!waits.has(id)) return [];
    const failed = hopeless.get(id);
    if (failed !== undefined) {
      if (one.status === 'blocked') return [];
      return [{ id, to: 'blocked', reason: 'dependency_failed', detail: `It needs ${failed}, which failed.` }];
    }
    const stage = unmet.has(id) ? 'waiting_dependencies' : 'waiting_slot';
    return one.status === 'pending' && one.stage === stage ? [] : [{ id, to: 'pending', stage }];
  });
}

async function conclude(deps: WorkDeps, specTaskId: string): Promise<boolean> {
  const meaningOf = (r: Reader): TaskMeaning => {
    const { status, failPolicy } = freshSpecTask(r, specTaskId);
    return status === 'implementation' ? taskMeaning(failPolicy, r.workSessions.ofSpecTask(specTaskId)) : { is: 'running' };
  };
  if (deps.store.read(meaningOf).is === 'running') return false;
  await deps.store.write((w) => {
    const meaning = meaningOf(w);
    const by = { origin: byDaemon, now: deps.clock.now() };
    if (meaning.is === 'finished') raiseReview(deps, w, moveSpecTask(w, specTaskId, 'implementation_review', by));
    if (meaning.is !== 'failed') return;
    giveUp(deps, w, specTaskId);
    const { reason } = meaning;
    moveSpecTask(w, specTaskId, 'implementation_failed', { ...by, reason, change: { lastError: reason, failedFrom: 'implementation' } });
  });
  return false;
}

/** Under fail_fast what still runs fails with the task, so that a retry takes it up again; what waits, waits for that. */
function giveUp(deps: WorkDeps, w: Writer, specTaskId: string): void {
  for (const one of w.workSessions.ofSpecTask(specTaskId)) {
    const waits = one.blockedReason === 'dependency_failed' || (one.status === 'pending' && one.stage !== 'provisioning');
    if (!waits) fail(deps, w, one.id, 'Another work session failed.');
  }
}

function raiseReview({ attention }: WorkDeps, w: Writer, task: SpecTaskRecord): void {
  attention.raise(w, {
    kind: 'ready_to_land',
    refId: task.id,
    title: `Look at what #${task.number} "${task.name}" made: all of it is on ${task.integrationBranch}`,
    remedy: `coppice task accept ${task.id}`,
    projectId: task.projectId,
    specTaskId: task.id,
  });
}
