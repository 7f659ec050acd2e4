// What comes next in the planning of a spec task. A pure function of what the store says, so that every occasion may ask it again.
import type { Thread } from '../../../schemas/instance.ts';
import type { SessionStatus } from '../../../schemas/session.ts';
import type { SpecTaskStatus } from '../../../schemas/spec-task.ts';
import type { StepStatus } from '../../../schemas/step.ts';
import { hasEnded } from '../../sessions/machine.ts';

export interface PlannerFacts {
  readonly status: SessionStatus;
  /** Of the step that lasts while the agent works; a command has none. */
  readonly agentStep?: StepStatus;
}

export interface PlanningFacts {
  readonly status: SpecTaskStatus;
  /** A command plans, and not an agent. */
  readonly byCommand: boolean;
  /** The session of its planner; absent: none ever began. */
  readonly session?: PlannerFacts;
  /** Of that session. */
  readonly thread?: Pick<Thread, 'status' | 'turn'>;
  /** Prompts that are still on their way to the planner. */
  readonly openPrompts: number;
  /** May one more task be planned now? */
  readonly hasRoom: boolean;
}

export type PlanningMove =
  | 'wait'
  /** Start a session for the planner. */
  | 'begin'
  /** Give the agent its thread and its first prompt. */
  | 'instruct'
  /** Hand what was said of its plan to the planner that waits. */
  | 'deliver'
  /** The planner has come to an end: see what it wrote. */
  | 'collect'
  /** There is nobody any more who plans. */
  | 'giveUp'
  /** The planner is not needed any more. */
  | 'release';

export function nextMove(facts: PlanningFacts): PlanningMove {
  const { status, session, hasRoom } = facts;
  const isAlive = session !== undefined && !hasEnded(session.status);
  switch (status) {
    case 'backlog':
    case 'spec_review':
      return 'wait';
    case 'queued_spec_generation':
      return hasRoom ? 'begin' : 'wait';
    case 'spec_revision':
      // Whoever wrote a plan without a planner writes the next one too.
      if (session === undefined) return 'wait';
      if (!facts.byCommand && isAlive && facts.thread?.status !== 'failed') return 'deliver';
      return hasRoom ? 'begin' : 'wait';
    case 'spec_generation':
      if (session === undefined) return 'begin';
      if (facts.byCommand) return isAlive ? 'wait' : session.status === 'succeeded' ? 'collect' : 'giveUp';
      return isAlive ? ofAgent(facts) : 'giveUp';
    default:
      return isAlive ? 'release' : 'wait';
  }
}

function ofAgent({ session, thread, openPrompts }: PlanningFacts): PlanningMove {
  if (thread === undefined) return session?.agentStep === 'running' ? 'instruct' : 'wait';
  if (thread.status === 'failed' || thread.status === 'completed') return 'giveUp';
  if (thread.status !== 'active' || thread.turn !== 'idle' || openPrompts > 0) return 'wait';
  return 'collect';
}
