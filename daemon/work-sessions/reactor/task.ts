// What is to be done for a spec task as a whole: who begins, who is merged, and whether all of it is over.
import { byDaemon } from '../../kernel/origin.ts';
import { freshSpecTask, moveSpecTask } from '../../spec-tasks/transition.ts';
import type { Reader, Writer } from '../../store/store.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import { hasEnded } from '../machine.ts';
import type { WorkDeps } from '../needs.ts';
import { moveWorkSession } from '../transition.ts';
import { scheduleOf } from './facts.ts';
import { advanceMerge } from './merging.ts';

const daemon = byDaemon.actor;

/** One thing; true when there may be more. */
export async function advanceTask(deps: WorkDeps, id: string, signal: AbortSignal): Promise<boolean> {
  const task = deps.store.read((r) => r.specTasks.get(id));
  if (task?.status === 'queued_implementation') return begin(deps, task);
  if (task?.status !== 'implementation') return false;
  if (await claim(deps, id)) return true;
  if (await advanceMerge(deps, task, signal)) return true;
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
  const { ready, waits, hopeless } = scheduleOf(r, limits);
  const isReady = new Set(ready.map(({ id }) => id));
  return r.workSessions.ofSpecTask(specTaskId).flatMap((one): Move[] => {
    const isHopeless = one.status === 'blocked' && one.blockedReason === 'dependency_failed';
    if (one.status !== 'pending' && !isHopeless) return [];
    if (one.stage === 'provisioning') return [];
    const failed = hopeless.get(one.id);
    if (failed !== undefined)
      return isHopeless ? [] : [{ id: one.id, to: 'blocked', reason: 'dependency_failed', detail: `It needs ${failed}, which failed.` }];
    if (isHopeless) return [{ id: one.id, to: 'pending', stage: 'waiting_dependencies' }];
    if (isReady.has(one.id)) return [{ id: one.id, to: 'pending', stage: 'provisioning' }];
    const stage = waits.get(one.id)?.startsWith('waits for a slot') ? 'waiting_slot' : 'waiting_dependencies';
    return one.stage === stage ? [] : [{ id: one.id, to: 'pending', stage }];
  });
}

async function conclude(deps: WorkDeps, specTaskId: string): Promise<boolean> {
  if (deps.store.read((r) => endOf(r, specTaskId)) === undefined) return false;
  await deps.store.write((w) => {
    const end = endOf(w, specTaskId);
    if (end === undefined) return;
    if (end.to === 'implementation_failed') giveUp(deps, w, specTaskId);
    moveSpecTask(w, specTaskId, end.to, { origin: byDaemon, now: deps.clock.now(), ...end.more });
    if (end.to === 'implementation_review') raiseReview(deps, w, freshSpecTask(w, specTaskId));
  });
  return false;
}

interface End {
  readonly to: 'implementation_review' | 'implementation_failed';
  readonly more: {
    readonly reason?: string;
    readonly change?: { readonly lastError?: string; readonly failedFrom?: SpecTaskRecord['status'] };
  };
}

function endOf(r: Reader, specTaskId: string): End | undefined {
  const task = freshSpecTask(r, specTaskId);
  if (task.status !== 'implementation') return undefined;
  const all = r.workSessions.ofSpecTask(specTaskId);
  const failed = all.filter(({ status, required }) => status === 'failed' && required);
  const live = all.filter(({ status, blockedReason }) => !hasEnded(status) && blockedReason !== 'dependency_failed');
  const isOver =
    failed.length > 0 && (task.failPolicy === 'fail_fast' || live.every(({ status }) => status === 'pending') || live.length === 0);
  if (isOver) {
    const [first] = failed as [WorkSessionRecord];
    const reason = `Work session "${first.name}" failed: ${first.lastError ?? 'no reason was told'}`;
    return { to: 'implementation_failed', more: { reason, change: { lastError: reason, failedFrom: 'implementation' } } };
  }
  if (live.some(({ required }) => required) || failed.length > 0) return undefined;
  if (live.length > 0 || all.length === 0) return undefined;
  return { to: 'implementation_review', more: {} };
}

/** Under fail_fast what still runs ends with the task; what waits, waits for a retry. */
function giveUp({ threads, clock }: WorkDeps, w: Writer, specTaskId: string): void {
  for (const one of w.workSessions.ofSpecTask(specTaskId)) {
    if (one.status !== 'active' && one.status !== 'blocked') continue;
    if (one.blockedReason === 'dependency_failed') continue;
    const thread = w.threads.ofWorkSession(one.id);
    if (thread) threads.close(w, thread.id, 'failed', 'another work session failed');
    moveWorkSession(w, one.id, { to: 'cancelled', detail: 'Another work session failed.' }, { actor: daemon, now: clock.now() });
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
