// What is to be done for one work session: its place, its turns, its verification. Each look does one thing.
import { limits } from '../../../schemas/limits.ts';
import { byDaemon } from '../../kernel/origin.ts';
import type { Reader, Writer } from '../../store/store.ts';
import type { ThreadRecord } from '../../store/tables/instances.ts';
import { afterAllIds } from '../../store/tables/rows.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import { begunAnew } from '../beginning-anew.ts';
import { isConversation } from '../conversation.ts';
import { hasEnded } from '../machine.ts';
import type { WorkDeps } from '../needs.ts';
import { freshWorkSession, moveWorkSession } from '../transition.ts';
import { fail, tellSession } from './ending.ts';
import { provision } from './provisioning.ts';
import { failedChild, waitsForChildren } from './questions.ts';
import { verify } from './verifying.ts';

const actor = byDaemon.actor;

/** True when there may be more to do. */
export async function advanceSession(deps: WorkDeps, id: string, signal: AbortSignal): Promise<boolean> {
  const one = deps.store.read((r) => r.workSessions.get(id));
  if (!one) return false;
  if (hasEnded(one.status)) {
    await tellSession(deps, one);
    return false;
  }
  if (one.status === 'pending') return one.stage === 'provisioning' ? provision(deps, one) : false;
  if (await followSession(deps, one)) return true;
  if (await followThread(deps, one)) return true;
  return one.status === 'active' && one.stage === 'verifying' ? verify(deps, one, signal) : false;
}

/** Somebody ended its session, or it vanished with the machine: the one is the end of the work too, the other is no fault of it. */
async function followSession(deps: WorkDeps, one: WorkSessionRecord): Promise<boolean> {
  const { store, clock, threads } = deps;
  const session = store.read((r) => (one.sessionId === undefined ? undefined : r.sessions.get(one.sessionId)));
  if (session !== undefined && session.endedAt === undefined) return false;
  const isNew = store.read((r) => r.threads.ofWorkSession(one.id)) === undefined;
  // What is paused begins anew when it is resumed; what never began has no session.
  if (one.status === 'blocked' && (isNew || (one.blockedReason === 'paused' && session?.status !== 'cancelled'))) return false;
  if (session?.status !== 'cancelled') return beginAnew(deps, one, session?.error ?? session?.reason ?? 'its session is gone');
  await store.write((w) => {
    if (hasEnded(freshWorkSession(w, one.id).status)) return;
    moveWorkSession(w, one.id, { to: 'cancelled', detail: session.reason ?? 'its session was cancelled' }, { actor, now: clock.now() });
    deps.attention.settleAbout(w, one.id, actor);
    const thread = w.threads.ofWorkSession(one.id);
    if (thread) threads.close(w, thread.id, 'failed', 'its session was cancelled');
  });
  return true;
}

/** What its worktree holds is kept first, whatever the next attempt does to it. */
async function beginAnew(deps: WorkDeps, one: WorkSessionRecord, why: string): Promise<boolean> {
  const { store, clock, threads, saveWork } = deps;
  const isLast = one.attempt >= limits.workAttempts;
  const worktree = one.worktreeId === undefined ? undefined : store.read((r) => r.worktrees.get(one.worktreeId as string));
  if (!isLast && worktree?.status === 'present') await saveWork(worktree.id);
  await store.write((w) => {
    const now = freshWorkSession(w, one.id);
    if (hasEnded(now.status) || now.sessionId !== one.sessionId) return;
    if (isLast) return fail(deps, w, one.id, why);
    const by = { actor, now: clock.now() };
    const thread = w.threads.ofWorkSession(one.id);
    if (thread) threads.close(w, thread.id, 'failed', why);
    moveWorkSession(w, one.id, { to: 'blocked', reason: 'instance_lost', detail: why }, by);
    moveWorkSession(w, one.id, begunAnew(now), by);
  });
  return true;
}

type Step = (w: Writer) => void;

async function followThread(deps: WorkDeps, one: WorkSessionRecord): Promise<boolean> {
  const { store } = deps;
  if (store.read((r) => stepFor(deps, r, one.id)) === undefined) return false;
  return store.write((w) => {
    const step = stepFor(deps, w, one.id);
    step?.(w);
    return step !== undefined;
  });
}

/** What the state of the thread means for the work session. Pure, but for the step it answers. */
function stepFor(deps: WorkDeps, r: Reader, id: string): Step | undefined {
  const one = freshWorkSession(r, id);
  const thread = r.threads.ofWorkSession(id);
  if (!thread) return undefined;
  const by = { actor, now: deps.clock.now() };
  const to = (move: Parameters<typeof moveWorkSession>[2]): Step => {
    return (w) => void moveWorkSession(w, id, move, by);
  };
  if (thread.status === 'failed') return (w) => fail(deps, w, id, lastErrorOf(r, thread));
  const isAgentNeeded = one.status === 'blocked' || one.stage === 'running' || one.stage === 'waiting_human';
  if (thread.status === 'disconnected' && one.blockedReason !== 'instance_lost' && isAgentNeeded && one.blockedReason !== 'paused')
    return to({ to: 'blocked', reason: 'instance_lost', detail: 'Its agent host is gone; it is started again.' });
  if (one.blockedReason === 'instance_lost') {
    const stage = isConversation(one) && thread.turn === 'idle' ? 'waiting_human' : 'running';
    return thread.status === 'active' ? to({ to: 'active', stage }) : undefined;
  }
  const open = r.prompts.openOf(thread.id).length;
  const ended = thread.turns > one.turnsSeen && thread.turn === 'idle' && open === 0;
  if (one.status === 'blocked') return stepFromBlocked(deps, r, { one, thread, ended, open }, to);
  if (one.stage === 'verifying' || one.stage === 'awaiting_merge' || one.stage === 'merging') return undefined;
  if (thread.turn === 'requires_action' && one.stage === 'running') return to({ to: 'active', stage: 'waiting_human' });
  const isOn = isConversation(one) ? thread.turn === 'running' : thread.turn !== 'requires_action';
  if (isOn && one.stage === 'waiting_human' && !ended) return to({ to: 'active', stage: 'running' });
  if (ended) return afterTurn(deps, r, one, thread);
  const unsent = open === 0 && thread.turn === 'idle' ? r.prompts.list(id, afterAllIds, 1)[0] : undefined;
  if (unsent?.status !== 'failed') return undefined;
  return askFor(deps, one, `Its last prompt did not reach the agent: ${unsent.failure ?? 'no reason was told'}`, {});
}

interface Seen {
  readonly one: WorkSessionRecord;
  readonly thread: ThreadRecord;
  readonly ended: boolean;
  readonly open: number;
}

function stepFromBlocked(
  deps: WorkDeps,
  r: Reader,
  { one, thread, ended, open }: Seen,
  to: (move: Parameters<typeof moveWorkSession>[2]) => Step,
): Step | undefined {
  switch (one.blockedReason) {
    case 'paused':
      return undefined;
    case 'dependency_failed':
      return failedChild(r, one) ? undefined : to({ to: 'active', stage: 'verifying' });
    case 'waiting_session':
      if (failedChild(r, one)) return to({ to: 'blocked', reason: 'dependency_failed', detail: 'A child that it needs failed.' });
      if (waitsForChildren(r, one) || deps.blocksOf(r, one.id).length > 0) return undefined;
      if (deps.callsForTurn(r, one.id)) return readMessages(deps, one, thread);
      return to({ to: 'active', stage: one.turnsSeen === thread.turns && open === 0 ? 'verifying' : 'running' });
    default: {
      // Somebody, or the merge queue, has asked its agent again: what comes of that is looked at like any turn.
      if (!ended) return undefined;
      return (w) => {
        // What it is about besides is over when its work is merged.
        deps.attention.settleAbout(w, one.id, actor, 'question');
        moveWorkSession(
          w,
          one.id,
          { to: 'active', stage: isConversation(one) ? 'waiting_human' : 'verifying', change: { turnsSeen: thread.turns } },
          { actor, now: deps.clock.now() },
        );
      };
    }
  }
}

function afterTurn(deps: WorkDeps, r: Reader, one: WorkSessionRecord, thread: ThreadRecord): Step {
  const by = { actor, now: deps.clock.now() };
  const change = { turnsSeen: thread.turns };
  if (thread.lastTurnInterrupted) {
    return (w) => {
      w.workSessions.change(one.id, change);
      const content =
        'You were interrupted: your process ended in the middle of the work. Look at what is done already, and go on from there.';
      deps.threads.enqueue(w, { threadId: thread.id, workSessionId: one.id, content, origin: actor });
    };
  }
  if (isConversation(one) && !deps.callsForTurn(r, one.id))
    return (w) => void moveWorkSession(w, one.id, { to: 'active', stage: 'waiting_human', change }, by);
  const { lastStopReason = 'end_turn', ticked = 0 } = thread;
  if (lastStopReason === 'cancelled') return askFor(deps, one, 'Its turn was cancelled.', change);
  if (lastStopReason !== 'end_turn' && ticked < 1) return askFor(deps, one, `Its agent stopped with "${lastStopReason}".`, change);
  if (deps.blocksOf(r, one.id).length > 0) {
    return (w) =>
      void moveWorkSession(w, one.id, { to: 'blocked', reason: 'waiting_session', detail: 'It waits for the answer of another.' }, by);
  }
  if (deps.callsForTurn(r, one.id)) return readMessages(deps, one, thread);
  return (w) => void moveWorkSession(w, one.id, { to: 'active', stage: 'verifying', change }, by);
}

/** A human looks at it, and resumes it or sends a prompt. */
function askFor({ clock, attention }: WorkDeps, one: WorkSessionRecord, detail: string, change: { readonly turnsSeen?: number }): Step {
  return (w) => {
    moveWorkSession(w, one.id, { to: 'blocked', reason: 'waiting_human', detail, change }, { actor, now: clock.now() });
    attention.raise(w, {
      ...{ kind: 'question', refId: one.id, title: `"${one.name}" waits: ${detail}`.slice(0, 500), remedy: `coppice work send ${one.id}` },
      ...{ projectId: one.projectId, specTaskId: one.specTaskId, workSessionId: one.id },
    });
  };
}

/** What others said goes in front of the prompt, whatever that is. */
function readMessages(deps: WorkDeps, one: WorkSessionRecord, thread: ThreadRecord): Step {
  return (w) => {
    const content =
      'Others have sent you messages; they stand above. Take them into account, answer where an answer is asked for, and go on.';
    deps.threads.enqueue(w, { threadId: thread.id, workSessionId: one.id, content, origin: actor });
    const change = { turnsSeen: thread.turns };
    moveWorkSession(w, one.id, { to: 'active', stage: 'running', change }, { actor, now: deps.clock.now() });
  };
}

function lastErrorOf(r: Reader, thread: ThreadRecord): string {
  const instance = r.instances.get(thread.instanceId);
  return thread.lastStopReason ?? instance?.lastError ?? 'its agent could not be run';
}
