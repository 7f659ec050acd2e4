// What is known of the daemon: whole records as it answered them, and what events alone can tell.
import type { Attention, ImplTask, Project, Session, SpecTask, WorkSession } from '../../../schemas/index.ts';
import type { Progress } from '../../../schemas/spec-task.ts';

export interface SessionView {
  readonly session: Session;
  /** The step that runs. */
  readonly step: string | undefined;
}

export interface TaskView {
  readonly specTask: SpecTask;
  readonly progress?: Progress;
  readonly implTasks: readonly ImplTask[];
  readonly workSessions: readonly WorkSession[];
}

export interface World {
  readonly projects: Map<string, Project>;
  readonly tasks: Map<string, TaskView>;
  readonly sessions: Map<string, SessionView>;
  readonly attention: Map<string, Attention>;
}

export function emptyWorld(): World {
  return { projects: new Map(), tasks: new Map(), sessions: new Map(), attention: new Map() };
}

/** A record that an event named: it is to be asked for again. */
export type Stale = `${'session' | 'task' | 'attention'} ${string}`;

const endedTaskStates: readonly string[] = ['done', 'cancelled'];

export function taskHasEnded({ status }: Pick<SpecTask, 'status'>): boolean {
  return endedTaskStates.includes(status);
}
