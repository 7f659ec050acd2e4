// The agent says that it is done: its children first, then what is left is committed, then the commands that prove it run.
import { limits } from '../../../schemas/limits.ts';
import { byDaemon } from '../../kernel/origin.ts';
import type { Verdict } from '../../merging/needs.ts';
import type { Writer } from '../../store/store.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import type { WorkDeps } from '../needs.ts';
import { freshWorkSession, moveWorkSession, workSessionSubject } from '../transition.ts';
import { complete, fail } from './ending.ts';
import { environmentOf } from './environment.ts';
import { failedChild, isFinal, waitsForChildren } from './questions.ts';

const actor = byDaemon.actor;

export async function verify(deps: WorkDeps, one: WorkSessionRecord, signal: AbortSignal): Promise<boolean> {
  const { store, clock, merging } = deps;
  const { thread, open, worktree, task, item, waits, failed } = store.read((r) => {
    const found = r.threads.ofWorkSession(one.id);
    return {
      thread: found,
      open: found === undefined ? 0 : r.prompts.openOf(found.id).length,
      worktree: one.worktreeId === undefined ? undefined : r.worktrees.get(one.worktreeId),
      task: r.specTasks.get(one.specTaskId) as SpecTaskRecord,
      item: one.implTaskId === undefined ? undefined : r.implTasks.get(one.implTaskId),
      waits: waitsForChildren(r, one),
      failed: failedChild(r, one),
    };
  });
  // Said from inside its turn: the turn comes to its end first.
  if ((thread !== undefined && thread.turn !== 'idle') || open > 0) return false;
  if (failed) {
    const detail = `Its child "${failed.name}" failed.`;
    await store.write(
      (w) => void moveWorkSession(w, one.id, { to: 'blocked', reason: 'dependency_failed', detail }, { actor, now: clock.now() }),
    );
    return true;
  }
  if (waits) {
    const detail = 'It waits for the work sessions that it needs.';
    await store.write(
      (w) => void moveWorkSession(w, one.id, { to: 'blocked', reason: 'waiting_session', detail }, { actor, now: clock.now() }),
    );
    return true;
  }
  if (worktree?.status !== 'present') {
    await store.write((w) => fail(deps, w, one.id, 'its worktree is gone'));
    return true;
  }
  try {
    const headCommit = await merging.commitLeftovers(worktree.path, `${one.name}\n\nWhat was not committed at the end of the work.`);
    const env = await environmentOf(deps, task);
    const commands = item?.verify ?? [];
    const of = { specTaskId: task.id, workSessionId: one.id, worktreePath: worktree.path, commands, env };
    const verdict: Verdict = commands.length === 0 ? { passed: true } : await merging.verify(of, signal);
    if (signal.aborted) return false;
    await store.write((w) => concluded(deps, w, { one, task, headCommit, verdict, turns: thread?.turns ?? one.turnsSeen }));
  } catch (error) {
    if (signal.aborted || !isFinal(error)) throw error;
    await store.write((w) => askHuman(deps, w, one, error.message, ''));
  }
  return true;
}

interface Verified {
  readonly one: WorkSessionRecord;
  readonly task: SpecTaskRecord;
  readonly headCommit: string;
  readonly verdict: Verdict;
  readonly turns: number;
}

function concluded(deps: WorkDeps, w: Writer, { one, task, headCommit, verdict, turns }: Verified): void {
  const { clock } = deps;
  const now = freshWorkSession(w, one.id);
  const talks = w.threads.ofWorkSession(one.id);
  // Prompted anew meanwhile: what was verified is not what will be there.
  const isSame = talks === undefined || (talks.turn === 'idle' && talks.turns === turns);
  if (now.status !== 'active' || now.stage !== 'verifying' || !isSame) return;
  const attempt = now.verifyAttempts + 1;
  const { command, exitCode } = verdict.passed ? {} : verdict;
  const data = {
    ...{ workSessionId: one.id, name: one.name, passed: verdict.passed, attempt },
    ...(command === undefined ? {} : { command }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
  w.events.append({ type: 'workSession.verified', subject: workSessionSubject(now), actor, data });
  w.workSessions.change(one.id, { headCommit, turnsSeen: turns, ...(verdict.passed ? {} : { verifyAttempts: attempt }) });
  if (!verdict.passed) {
    again(deps, w, now, verdict, attempt);
    return;
  }
  if (headCommit === now.baseCommit) {
    complete(deps, w, one.id, 'It made no commit, so there was nothing to merge.');
    return;
  }
  const isAuto = task.implementation?.mergeMode !== 'manual';
  const change = { mergeRequestedAt: isAuto ? clock.now() : null };
  moveWorkSession(w, one.id, { to: 'active', stage: 'awaiting_merge', change }, { actor, now: clock.now() });
}

function again(
  deps: WorkDeps,
  w: Writer,
  one: WorkSessionRecord,
  { command, exitCode, outputTail }: Extract<Verdict, { passed: false }>,
  attempt: number,
): void {
  const what = `"${command}" failed${exitCode === undefined ? '' : ` with exit code ${exitCode}`}`;
  const thread = w.threads.ofWorkSession(one.id);
  if (attempt >= limits.workVerifyAttempts || !thread) {
    askHuman(deps, w, one, `${what}, ${attempt} times.`, outputTail);
    return;
  }
  const content = `${what}. Mend it and commit.\n\n${fenced(outputTail)}`;
  deps.threads.enqueue(w, { threadId: thread.id, workSessionId: one.id, content, origin: actor });
  moveWorkSession(w, one.id, { to: 'active', stage: 'running' }, { actor, now: deps.clock.now() });
}

function askHuman({ attention, clock }: WorkDeps, w: Writer, one: WorkSessionRecord, detail: string, output: string): void {
  moveWorkSession(w, one.id, { to: 'blocked', reason: 'waiting_human', detail }, { actor, now: clock.now() });
  attention.raise(w, {
    ...{ kind: 'verify_failed', refId: one.id, title: `"${one.name}" is not right: ${detail}`.slice(0, 500), detail: output },
    ...{ remedy: `coppice work send ${one.id}`, projectId: one.projectId, specTaskId: one.specTaskId, workSessionId: one.id },
  });
}

/** As long a fence as it takes: the output may have fences of its own. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
