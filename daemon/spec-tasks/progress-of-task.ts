import type { Progress } from '../../schemas/spec-task.ts';
import type { Reader } from '../store/store.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { progressOf } from './progress.ts';

/** From the rows of its items, their work sessions and what their agents ticked. */
export function progressOfTask(r: Reader, task: SpecTaskRecord): Progress {
  const items = r.implTasks.ofSpecTask(task.id).map((item) => {
    const workSession = r.workSessions.ofImplTask(item.id);
    const ticked = workSession && r.threads.ofWorkSession(workSession.id)?.ticked;
    const merged = workSession === undefined ? item.status === 'completed' : workSession.status === 'completed';
    return { effort: item.effort, status: item.status, merged, reported: workSession?.progress, ticked };
  });
  return progressOf(task.status, task.approvedRevision !== undefined || task.skipPlanning, items);
}
