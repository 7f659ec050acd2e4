// What the extension knows of the daemon: rows as the daemon gave them, by id.
import type { Attention, Project, Session, SpecTask, WorkSession } from '../../../../schemas/index.ts';

export interface World {
  readonly projects: Map<string, Project>;
  readonly specTasks: Map<string, SpecTask>;
  /** From 0 to 1, of spec tasks whose plan is carried out. */
  readonly progress: Map<string, number>;
  readonly workSessions: Map<string, WorkSession>;
  readonly sessions: Map<string, Session>;
  /** Only what is open. */
  readonly attention: Map<string, Attention>;
}

export function emptyWorld(): World {
  return {
    ...{ projects: new Map(), specTasks: new Map(), progress: new Map() },
    ...{ workSessions: new Map(), sessions: new Map(), attention: new Map() },
  };
}

const endOfSession: readonly string[] = ['succeeded', 'failed', 'cancelled', 'lost'];
const endOfWork: readonly string[] = ['completed', 'failed', 'cancelled'];
const endOfTask: readonly string[] = ['done', 'cancelled'];

export const sessionEnded = ({ status }: Pick<Session, 'status'>): boolean => endOfSession.includes(status);
export const workEnded = ({ status }: Pick<WorkSession, 'status'>): boolean => endOfWork.includes(status);
export const taskEnded = ({ status }: Pick<SpecTask, 'status'>): boolean => endOfTask.includes(status);

/** What the status bar counts. */
export function countsOf({ sessions, attention }: World): { running: number; queued: number; attention: number } {
  const live = [...sessions.values()].filter((session) => !sessionEnded(session));
  const queued = live.filter(({ status }) => status === 'queued').length;
  return { running: live.length - queued, queued, attention: attention.size };
}
