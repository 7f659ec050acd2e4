// What the store says of the planning of one task.
import { priorities } from '../../../schemas/task-words.ts';
import type { Reader } from '../../store/store.ts';
import type { ThreadRecord } from '../../store/tables/instances.ts';
import type { SessionRecord } from '../../store/tables/sessions.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import { commandOf } from '../creating.ts';
import type { PlannerFacts, PlanningFacts } from './decide.ts';

export interface PlanningState {
  readonly task: SpecTaskRecord;
  readonly session: SessionRecord | undefined;
  readonly thread: ThreadRecord | undefined;
  readonly facts: PlanningFacts;
}

/** `maxPlanning` 0: any number of tasks may be planned at once. */
export function planningState(r: Reader, specTaskId: string, maxPlanning: number): PlanningState | undefined {
  const task = r.specTasks.get(specTaskId);
  if (!task) return undefined;
  const session = task.planningSessionId === undefined ? undefined : r.sessions.get(task.planningSessionId);
  const newest = r.threads.planning(task.id);
  const thread = newest !== undefined && newest.sessionId === session?.id ? newest : undefined;
  const facts: PlanningFacts = {
    status: task.status,
    byCommand: commandOf(task.planningAgent) !== undefined,
    ...(session === undefined ? {} : { session: sessionFacts(r, session) }),
    ...(thread === undefined ? {} : { thread }),
    openPrompts: thread === undefined ? 0 : r.prompts.openOf(thread.id).length,
    hasRoom: hasRoom(r, task, maxPlanning),
  };
  return { task, session, thread, facts };
}

function sessionFacts(r: Reader, { id, status }: SessionRecord): PlannerFacts {
  const agentStep = r.steps.ofSession(id).find(({ name, type }) => name === 'agent' && type === 'builtin')?.status;
  return { status, ...(agentStep === undefined ? {} : { agentStep }) };
}

/** The most urgent of those that wait come first, then the oldest. */
function hasRoom(r: Reader, task: SpecTaskRecord, maxPlanning: number): boolean {
  if (maxPlanning === 0) return true;
  const free = maxPlanning - r.specTasks.inStatus('spec_generation').length;
  if (task.status !== 'queued_spec_generation') return free > 0;
  const queue = r.specTasks
    .inStatus('queued_spec_generation')
    .toSorted((a, b) => priorities.indexOf(b.priority) - priorities.indexOf(a.priority) || (a.id < b.id ? -1 : 1));
  return queue.findIndex(({ id }) => id === task.id) < free;
}
