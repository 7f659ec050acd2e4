// A place to work: the session with its worktree, then the thread with its first prompt. A daemon that died in between finds the row and
// goes on.
import { byDaemon } from '../../kernel/origin.ts';
import { agentSession } from '../../sessions/agent-session.ts';
import type { Reader } from '../../store/store.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import { isConversation } from '../conversation.ts';
import type { WorkDeps } from '../needs.ts';
import { freshWorkSession, moveWorkSession } from '../transition.ts';
import { fail } from './ending.ts';
import { isFinal } from './questions.ts';

const actor = byDaemon.actor;

export async function provision(deps: WorkDeps, one: WorkSessionRecord): Promise<boolean> {
  const { store } = deps;
  const session = store.read((r) => (one.sessionId === undefined ? undefined : r.sessions.get(one.sessionId)));
  if (!session) return (await formerEnded(deps, one)) && startSession(deps, one);
  if (session.endedAt !== undefined) {
    await store.write((w) => fail(deps, w, one.id, session.error ?? session.reason ?? 'its session ended before its agent began'));
    return true;
  }
  return store.read((r) => waitsForAgent(r, session.id)) && beginWork(deps, one);
}

/** What it was begun in before may still be on its way to its end, and until then has the worktree. That end makes it be looked at again. */
async function formerEnded({ store, sessions }: WorkDeps, one: WorkSessionRecord): Promise<boolean> {
  const former = store.read((r) => r.sessions.active()).filter(({ workSessionId }) => workSessionId === one.id);
  const ids = former.map(({ id }) => id);
  await sessions.cancelAll(ids, 'work session begun anew', actor);
  return ids.length === 0;
}

async function startSession(deps: WorkDeps, one: WorkSessionRecord): Promise<boolean> {
  const { store, clock, sessions } = deps;
  const task = store.read((r) => r.specTasks.get(one.specTaskId)) as SpecTaskRecord;
  const worktree = store.read((r) => (one.worktreeId === undefined ? undefined : r.worktrees.get(one.worktreeId)));
  try {
    const base = await baseOf(deps, task, one);
    const definition = agentSession({ name: 'work-session', branch: one.branch, base }, task);
    // What the task says beside it is in the definition.
    const environment = await deps.envFiles.environmentOf(task.id);
    const links = { specTaskId: task.id, workSessionId: one.id, role: 'implementation' } as const;
    const wish = {
      request: { project: one.projectId, command: definition.name, arguments: {}, environment },
      extras: {
        own: { definition, prompt: one.prompt },
        links: { ...links, ...(one.implTaskId === undefined ? {} : { implTaskId: one.implTaskId }) },
        // What a former attempt left is taken as it stands, its branch at least.
        ...(worktree?.status === 'present' || one.attempt > 1 ? { goesOnIn: one.branch } : {}),
      },
    };
    await sessions.startTogether([wish], actor, (w, [session]) => {
      const now = freshWorkSession(w, one.id);
      // Cancelled meanwhile: the session sees that at its next look.
      w.workSessions.change(one.id, {
        sessionId: session?.id as string,
        ...(now.startedAt === undefined ? { startedAt: clock.now() } : {}),
      });
    });
  } catch (error) {
    if (!isFinal(error)) throw error;
    await store.write((w) => fail(deps, w, one.id, error.message));
  }
  return true;
}

function baseOf({ merging, store }: WorkDeps, task: SpecTaskRecord, one: WorkSessionRecord): Promise<string> {
  const parent =
    one.base === 'parent_head' && one.parentId !== undefined ? store.read((r) => r.workSessions.get(one.parentId as string)) : undefined;
  return merging.headOf(task, parent?.branch ?? task.integrationBranch);
}

function waitsForAgent(r: Reader, sessionId: string): boolean {
  return r.steps.ofSession(sessionId).some(({ name, status }) => name === 'agent' && status === 'running');
}

/** The thread and what it is told first, in one transaction with the row that says so. */
async function beginWork({ store, clock, threads }: WorkDeps, one: WorkSessionRecord): Promise<boolean> {
  await store.write((w) => {
    const now = freshWorkSession(w, one.id);
    const session = w.sessions.get(now.sessionId ?? '');
    if (now.status !== 'pending' || now.stage !== 'provisioning' || !session) return;
    const worktree = session.worktreeId === undefined ? undefined : w.worktrees.get(session.worktreeId);
    const thread = threads.ensure(w, { specTaskId: now.specTaskId, workSessionId: now.id, sessionId: session.id, agent: now.agent });
    const isTalk = isConversation(now);
    if (!isTalk) threads.enqueue(w, { threadId: thread.id, workSessionId: now.id, content: firstPrompt(now), origin: actor });
    const change = {
      ...(worktree === undefined ? {} : { worktreeId: worktree.id, baseCommit: worktree.baseCommit }),
      turnsSeen: thread.turns,
      startedAt: now.startedAt ?? clock.now(),
    };
    moveWorkSession(w, now.id, { to: 'active', stage: isTalk ? 'waiting_human' : 'running', change }, { actor, now: clock.now() });
  });
  return true;
}

function firstPrompt({ prompt, attempt }: WorkSessionRecord): string {
  return attempt === 1 ? prompt : `${prompt}\n\nThis is attempt ${attempt}: look at what is here already, keep what is right, and go on.`;
}
