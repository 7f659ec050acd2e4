// The rows that scheduling is a function of.
import type { Reader } from '../../store/store.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkLimits } from '../needs.ts';
import { type Schedule, schedule, type TaskFacts } from '../schedule.ts';
import { mayStart } from '../task-end.ts';

/** Of all spec tasks that are being implemented: slots are shared. */
export function scheduleOf(r: Reader, limits: WorkLimits): Schedule {
  const tasks = r.specTasks.inStatus('implementation').map((task) => factsOf(r, task, limits));
  return schedule(tasks, limits.slots);
}

function factsOf(r: Reader, task: SpecTaskRecord, limits: WorkLimits): TaskFacts {
  const workSessions = r.workSessions.ofSpecTask(task.id);
  return {
    specTaskId: task.id,
    priority: task.priority,
    maxConcurrent: task.implementation?.maxConcurrent ?? limits.slots_per_task,
    mayStart: mayStart(task.failPolicy, workSessions),
    implTasks: r.implTasks.ofSpecTask(task.id),
    workSessions,
  };
}
