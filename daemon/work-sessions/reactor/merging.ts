// The merge queue of a spec task: one at a time. Where the branch was is written before it moves, so that after a crash the merge is whole
// or absent, and can be taken back.
import { isFailure } from '../../../schemas/errors.ts';
import { byDaemon } from '../../kernel/origin.ts';
import type { Verdict } from '../../merging/needs.ts';
import type { Reader, Writer } from '../../store/store.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import { mergeQueueOf } from '../merge-queue.ts';
import type { WorkDeps } from '../needs.ts';
import { freshWorkSession, moveWorkSession, workSessionSubject } from '../transition.ts';
import { complete } from './ending.ts';
import { environmentOf } from './environment.ts';

const actor = byDaemon.actor;

/** True when there may be more to do. */
export async function advanceMerge(deps: WorkDeps, specTaskId: string, signal: AbortSignal): Promise<boolean> {
  const { store, clock } = deps;
  const task = store.read((r) => r.specTasks.get(specTaskId));
  if (task?.status !== 'implementation') return false;
  const [first] = store.read((r) => mergeQueueOf(r.workSessions.ofSpecTask(task.id)).filter((one) => mayMerge(r, one)));
  if (!first) return false;
  const into = store.read((r) => parentOf(r, first)?.branch ?? task.integrationBranch);
  if (first.stage === 'awaiting_merge') {
    await tidyParent(deps, first);
    const mergedFrom = await deps.merging.headOf(task, into);
    await store.write((w) => {
      // Paused or cancelled meanwhile: it has left the queue.
      const now = freshWorkSession(w, first.id);
      if (now.status !== 'active' || now.stage !== 'awaiting_merge') return;
      const change = { mergedFrom, mergedCommit: null };
      moveWorkSession(w, first.id, { to: 'active', stage: 'merging', change }, { actor, now: clock.now() });
    });
    return true;
  }
  if (first.mergedCommit === undefined) return merge(deps, task, first, into);
  return settle(deps, task, first, into, signal);
}

/** Into a parent only between its turns, since its agent works in that checkout, and not while what it made is looked at. */
function mayMerge(r: Reader, one: WorkSessionRecord): boolean {
  if (one.stage === 'merging') return true;
  if (one.mergeRequestedAt === undefined) return false;
  const parent = parentOf(r, one);
  if (!parent) return true;
  const isLookedAt = parent.stage === 'verifying' || parent.stage === 'awaiting_merge' || parent.stage === 'merging';
  const thread = r.threads.ofWorkSession(parent.id);
  const isIdle = thread === undefined || (thread.turn === 'idle' && r.prompts.openOf(thread.id).length === 0);
  return isIdle && !(isLookedAt && !one.required);
}

/** Whose branch it goes into; one that has ended passes what its children make on to the integration branch. */
function parentOf(r: Reader, { mergeInto, parentId }: WorkSessionRecord): WorkSessionRecord | undefined {
  const parent = mergeInto === 'parent' && parentId !== undefined ? r.workSessions.get(parentId) : undefined;
  return parent?.status === 'active' || parent?.status === 'blocked' ? parent : undefined;
}

/** What the parent has not committed would stand in the way. */
async function tidyParent({ store, merging }: WorkDeps, one: WorkSessionRecord): Promise<void> {
  const { parent, worktree } = store.read((r) => {
    const found = parentOf(r, one);
    return { parent: found, worktree: found?.worktreeId === undefined ? undefined : r.worktrees.get(found.worktreeId) };
  });
  if (parent && worktree?.status === 'present') {
    await merging.commitLeftovers(worktree.path, `${parent.name}\n\nWhat was there before "${one.name}" was merged.`);
  }
}

async function merge(deps: WorkDeps, task: SpecTaskRecord, one: WorkSessionRecord, into: string): Promise<boolean> {
  const { store } = deps;
  const strategy = task.implementation?.mergeStrategy ?? 'merge';
  const message = `Merge ${one.name} (#${task.number})`;
  try {
    const { commit } = await deps.merging.merge(task, { worktreeId: one.worktreeId as string, into, strategy, message });
    await store.write((w) => {
      const now = freshWorkSession(w, one.id);
      if (now.stage !== 'merging') return;
      w.workSessions.change(one.id, { mergedCommit: commit });
      const data = { workSessionId: one.id, name: one.name, into, before: now.mergedFrom ?? commit, commit };
      w.events.append({ type: 'workSession.merged', subject: workSessionSubject(now), actor, data });
    });
  } catch (error) {
    if (!isFailure(error) || !['GIT_CONFLICT', 'PRECONDITION', 'TOOL_FAILED', 'CONFLICT'].includes(error.kind)) throw error;
    // The parent's agent has begun a turn meanwhile: after that.
    const isLater = error.kind === 'CONFLICT' || error.details?.reason === 'base_dirty';
    if (isLater) await store.write((w) => void backToQueue(deps, w, one.id));
    else await store.write((w) => conflict(deps, w, { one, into, files: filesOf(error.details), message: error.message }));
  }
  return true;
}

function filesOf(details: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  return Array.isArray(details?.files) ? details.files.map(String) : [];
}

/** Blocked until there is a new commit. The agent is asked once for each head. */
function conflict(
  { attention, threads, clock }: WorkDeps,
  w: Writer,
  { one, into, files, message }: { one: WorkSessionRecord; into: string; files: readonly string[]; message: string },
): void {
  const now = freshWorkSession(w, one.id);
  if (now.stage !== 'merging') return;
  const what = files.length === 0 ? message : `${files.join(', ')} conflict with ${into}`;
  const asked = now.conflictAskedFor === now.headCommit;
  moveWorkSession(
    w,
    one.id,
    { to: 'blocked', reason: 'merge_conflict', detail: what, change: { conflictAskedFor: now.headCommit ?? null, mergeRequestedAt: null } },
    { actor, now: clock.now() },
  );
  attention.raise(w, {
    ...{ kind: 'merge_conflict', refId: one.id, title: `"${one.name}" can not be merged into ${into}`, detail: what },
    ...{ remedy: `coppice work attach ${one.id}`, projectId: one.projectId, specTaskId: one.specTaskId, workSessionId: one.id },
  });
  const thread = w.threads.ofWorkSession(one.id);
  if (asked || !thread) return;
  const content = [
    `Your branch can not be merged into \`${into}\`: ${what}.`,
    `Run \`git merge ${into}\` here, resolve the conflicts so that both changes keep their meaning, and commit. Do not push.`,
  ].join('\n\n');
  threads.enqueue(w, { threadId: thread.id, workSessionId: one.id, content, origin: actor });
}

/** Merged: is the whole still right? Red takes the merge back. */
async function settle(deps: WorkDeps, task: SpecTaskRecord, one: WorkSessionRecord, into: string, signal: AbortSignal): Promise<boolean> {
  const { store, merging } = deps;
  const commit = one.mergedCommit as string;
  if (!(await merging.contains(task, into, commit))) {
    await store.write((w) => void backToQueue(deps, w, one.id));
    return true;
  }
  const commands = into === task.integrationBranch ? (task.implementation?.verify ?? []) : [];
  const verdict = commands.length === 0 ? ({ passed: true } as const) : await verifyWhole(deps, task, commands, signal);
  if (signal.aborted) return false;
  if (verdict.passed) {
    await store.write((w) => complete(deps, w, one.id));
    return true;
  }
  const before = one.mergedFrom ?? commit;
  try {
    await merging.revert(task, { into, before, commit });
    await store.write((w) => reverted(deps, w, { one, into, commit, verdict }));
  } catch (error) {
    // The branch has moved on since, so taking it back would take along what others did.
    if (!isFailure(error) || error.kind !== 'CONFLICT') throw error;
    await store.write((w) => notReverted(deps, w, { one, into, commit, verdict }, error.message));
  }
  return true;
}

async function verifyWhole(deps: WorkDeps, task: SpecTaskRecord, commands: readonly string[], signal: AbortSignal): Promise<Verdict> {
  const { worktreePath } = await deps.merging.ensureIntegration(task);
  const env = await environmentOf(deps, task);
  return deps.merging.verify({ specTaskId: task.id, worktreePath, commands, env }, signal);
}

interface Reverted {
  readonly one: WorkSessionRecord;
  readonly into: string;
  readonly commit: string;
  readonly verdict: Extract<Verdict, { passed: false }>;
}

function reverted({ attention, clock }: WorkDeps, w: Writer, { one, into, commit, verdict }: Reverted): void {
  const { command, exitCode, outputTail } = verdict;
  const detail = `"${command}" failed on ${into} after the merge${exitCode === undefined ? '' : ` (exit ${exitCode})`}; the merge was taken back.`;
  const change = { mergedCommit: null, mergedFrom: null, mergeRequestedAt: null };
  const moved = moveWorkSession(w, one.id, { to: 'blocked', reason: 'waiting_human', detail, change }, { actor, now: clock.now() });
  const data = { workSessionId: one.id, name: one.name, into, commit, command, ...(exitCode === undefined ? {} : { exitCode }) };
  w.events.append({ type: 'workSession.mergeReverted', subject: workSessionSubject(moved), actor, data });
  attention.raise(w, {
    ...{
      kind: 'merge_reverted',
      refId: one.id,
      title: `The merge of "${one.name}" was taken back: "${command}" failed`,
      detail: outputTail,
    },
    ...{ remedy: `coppice work send ${one.id}`, projectId: one.projectId, specTaskId: one.specTaskId, workSessionId: one.id },
  });
}

/** It stays merged, and a human decides; its row keeps saying so. */
function notReverted({ attention, clock }: WorkDeps, w: Writer, { one, into, verdict }: Reverted, why: string): void {
  const detail = `"${verdict.command}" failed on ${into} after the merge, which could not be taken back: ${why}`;
  moveWorkSession(w, one.id, { to: 'blocked', reason: 'waiting_human', detail }, { actor, now: clock.now() });
  attention.raise(w, {
    ...{ kind: 'verify_failed', refId: one.id, title: detail.slice(0, 500), detail: verdict.outputTail },
    ...{ remedy: `mend ${into}, then: coppice work resume ${one.id}`, projectId: one.projectId },
    ...{ specTaskId: one.specTaskId, workSessionId: one.id },
  });
}

function backToQueue({ clock }: WorkDeps, w: Writer, id: string): void {
  const now = freshWorkSession(w, id);
  if (now.stage !== 'merging') return;
  const change = { mergedCommit: null, mergedFrom: null, mergeRequestedAt: now.mergeRequestedAt ?? clock.now() };
  moveWorkSession(w, id, { to: 'active', stage: 'awaiting_merge', change }, { actor, now: clock.now() });
}
