// What planning does: each move writes its result with its event, and only while the rows still ask for it.
import { Failure, isFailure } from '../../../schemas/errors.ts';
import { limits } from '../../../schemas/limits.ts';
import type { PlanDiagnostic } from '../../../schemas/plan.ts';
import { byDaemon } from '../../kernel/origin.ts';
import type { Reader, Writer } from '../../store/store.ts';
import type { ThreadRecord } from '../../store/tables/instances.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { Change } from '../../store/tables/table.ts';
import { moveSpecTask, nameOf } from '../transition.ts';
import { nextMove, type PlanningMove } from './decide.ts';
import type { PlanningDeps } from './deps.ts';
import { writtenDocuments } from './documents.ts';
import { type PlanningState, planningState } from './facts.ts';
import { type Instructions, plannerWish } from './planner.ts';
import {
  commentsText,
  correctionPrompt,
  diagnosticsText,
  documentFolder,
  planAgainPrompt,
  planningPrompt,
  revisionPrompt,
} from './prompts.ts';

/** Somebody was faster; what is due now is found out by looking again. */
const overtaken = new Error('the rows ask for something else now');

/** Session, status and the place of both are one transaction. */
export async function begin(deps: PlanningDeps, state: PlanningState, correction?: string): Promise<boolean> {
  const { store, sessions } = deps;
  const { task } = state;
  const move: PlanningMove = correction === undefined ? 'begin' : 'collect';
  const { project, instructions } = store.read((r) => ({
    project: r.projects.get(task.projectId),
    instructions: instructionsFor(r, task, correction),
  }));
  if (!project) throw new Failure('NOT_FOUND', `The project of ${nameOf(task)} is gone.`);
  const wish = await plannerWish(deps, task, project, instructions);
  try {
    await sessions.startTogether([wish], byDaemon.actor, (w, started) => {
      const now = planningState(w, task.id, deps.maxPlanning());
      const [session] = started;
      if (!session || now === undefined || nextMove(now.facts) !== move) throw overtaken;
      const planningAttempts = correction === undefined ? 0 : now.task.planningAttempts + 1;
      toGeneration(deps, w, now.task, { planningSessionId: session.id, planningAttempts, lastError: trimmed(correction) });
    });
  } catch (error) {
    if (error !== overtaken) throw error;
  }
  return true;
}

/** Thread and first prompt are one transaction: a thread without its prompt is never seen. */
export function instruct(deps: PlanningDeps, state: PlanningState): Promise<boolean> {
  return during(deps, state, 'instruct', (w, { task, session }) => {
    if (!session) return;
    const agent = deps.agents.resolve(task.planningAgent).name;
    const thread = deps.threads.ensure(w, { specTaskId: task.id, sessionId: session.id, agent });
    tell(deps, w, thread, instructionsFor(w, task).prompt);
  });
}

/** All that is open goes back as one prompt. */
export function deliver(deps: PlanningDeps, state: PlanningState): Promise<boolean> {
  return during(deps, state, 'deliver', (w, { task, thread }) => {
    const revision = w.reviews.newest(task.id);
    toGeneration(deps, w, task, { planningAttempts: 0, lastError: null });
    // A planner that has no thread yet gets it with its first prompt.
    if (thread && revision) tell(deps, w, thread, revisionPrompt(revision, w.reviews.openComments(task.id)));
  });
}

/** What the planner wrote becomes a revision, or goes back to it with what is wrong. */
export async function collect(deps: PlanningDeps, state: PlanningState): Promise<boolean> {
  const problem = await handIn(deps, state);
  if (problem === undefined) return true;
  const { task, facts } = state;
  if (task.planningAttempts + 1 >= limits.planningAttempts) {
    return during(deps, state, 'collect', (w, now) =>
      toFailed(deps, w, now, `No plan that can be taken in ${limits.planningAttempts} attempts: ${problem}`),
    );
  }
  if (facts.byCommand) return begin(deps, state, problem);
  return during(deps, state, 'collect', (w, { task: { id, planningAttempts }, thread }) => {
    w.specTasks.change(id, { planningAttempts: planningAttempts + 1, lastError: trimmed(problem) });
    if (thread) tell(deps, w, thread, correctionPrompt(problem));
  });
}

/** undefined: it was taken, or somebody else's was. */
async function handIn(deps: PlanningDeps, { task, session }: PlanningState): Promise<string | undefined> {
  if (!session) return 'its session is gone';
  try {
    const written = await writtenDocuments(deps, session);
    if (written === undefined) return `there is no ${documentFolder}/plan.md`;
    await deps.submit(task, { ...written, source: 'agent' }, byDaemon);
    return undefined;
  } catch (error) {
    if (!isFailure(error)) throw error;
    if (error.kind === 'INVALID_TRANSITION') return undefined;
    if (error.kind === 'PLAN_INVALID') return diagnosticsText((error.details?.diagnostics ?? []) as PlanDiagnostic[]);
    if (error.kind === 'CONFLICT' || error.details?.reason === 'too_large') return error.message;
    throw error;
  }
}

export function giveUp(deps: PlanningDeps, state: PlanningState): Promise<boolean> {
  const { session } = state;
  const said = session?.error ?? session?.reason;
  const why = `The planner of ${nameOf(state.task)} is gone${said === undefined ? '' : `: ${said}`}`;
  return during(deps, state, 'giveUp', (w, now) => toFailed(deps, w, now, why));
}

/** Whatever was due can not be done. false: it is not planned any more. */
export function fail(deps: PlanningDeps, { task }: PlanningState, why: string): Promise<boolean> {
  return deps.store.write((w) => {
    const now = planningState(w, task.id, deps.maxPlanning());
    if (!now || !['queued_spec_generation', 'spec_generation', 'spec_revision'].includes(now.task.status)) return false;
    toFailed(deps, w, now, why);
    return true;
  });
}

/** The planner is done. Its worktree and branch stay. */
export async function release(deps: PlanningDeps, { task, session, thread, facts }: PlanningState): Promise<boolean> {
  if (!session) return false;
  const how = task.status === 'spec_failed' || task.status === 'cancelled' ? 'failed' : 'completed';
  const reason = `the spec task is ${task.status}`;
  if (thread && thread.endedAt === undefined) await deps.store.write((w) => deps.threads.close(w, thread.id, how, reason));
  const agentStep = facts.session?.agentStep;
  if (task.status === 'cancelled' || facts.byCommand || agentStep === 'pending') {
    await deps.sessions.cancelAll([session.id], reason, byDaemon.actor);
  } else if (agentStep === 'running') {
    deps.driven.tellEnd(session.id, how === 'completed' ? undefined : new Failure('CANCELLED', task.lastError ?? reason));
  }
  return false;
}

/** Writes what a move is about, unless the rows have changed such that another one is due. */
function during(
  { store, maxPlanning }: PlanningDeps,
  { task }: PlanningState,
  move: PlanningMove,
  write: (w: Writer, now: PlanningState) => void,
): Promise<boolean> {
  return store.write((w) => {
    const now = planningState(w, task.id, maxPlanning());
    if (now && nextMove(now.facts) === move) write(w, now);
    return true;
  });
}

function toGeneration({ clock }: PlanningDeps, w: Writer, task: SpecTaskRecord, change: Change<SpecTaskRecord>): void {
  if (task.status === 'spec_generation') w.specTasks.change(task.id, change);
  else moveSpecTask(w, task.id, 'spec_generation', { origin: byDaemon, now: clock.now(), change });
}

function toFailed(deps: PlanningDeps, w: Writer, { task, thread }: PlanningState, why: string): void {
  const lastError = why.slice(0, limits.errorMessageChars);
  toGeneration(deps, w, task, {});
  const change = { lastError, failedFrom: 'spec_generation' } as const;
  moveSpecTask(w, task.id, 'spec_failed', { origin: byDaemon, now: deps.clock.now(), reason: lastError, change });
  if (thread) deps.threads.close(w, thread.id, 'failed', lastError);
}

function tell({ threads }: PlanningDeps, w: Writer, thread: ThreadRecord, content: string): void {
  threads.enqueue(w, { threadId: thread.id, content, origin: byDaemon.actor });
}

function instructionsFor(r: Reader, task: SpecTaskRecord, correction?: string): Instructions {
  const revision = r.reviews.newest(task.id);
  const comments = r.reviews.openComments(task.id);
  const isRejected = revision?.status === 'changes_requested';
  return {
    prompt: isRejected ? planAgainPrompt(task, revision, comments) : planningPrompt(task),
    feedback: [isRejected ? commentsText(comments) : '', correction ?? ''].filter((part) => part !== '').join('\n\n'),
    revision: task.revision + 1,
  };
}

function trimmed(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, limits.errorMessageChars);
}
