// The rows that scheduling is a function of.
import type { Reader } from '../../store/store.ts';
import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkSessionRecord } from '../../store/tables/work-sessions.ts';
import type { WorkLimits } from '../needs.ts';
import { type Schedule, schedule, type TaskFacts } from '../schedule.ts';

/** Of all spec tasks that are being implemented: slots are shared. */
export function scheduleOf(r: Reader, limits: WorkLimits): Schedule {
  const tasks = r.specTasks.inStatus('implementation').map((task) => factsOf(r, task, limits));
  return schedule(tasks, limits.slots);
}

function factsOf(r: Reader, task: SpecTaskRecord, limits: WorkLimits): TaskFacts {
  const workSessions = r.workSessions.ofSpecTask(task.id).map(asCandidate);
  const hasFailed = workSessions.some(({ status, required }) => status === 'failed' && required);
  return {
    specTaskId: task.id,
    priority: task.priority,
    maxConcurrent: task.implementation?.maxConcurrent ?? limits.slots_per_task,
    mayStart: task.failPolicy === 'continue' || !hasFailed,
    implTasks: r.implTasks.ofSpecTask(task.id),
    workSessions,
  };
}

/** What waits for a failed one is looked at as if it were pending: a retry lifts it. */
function asCandidate(workSession: WorkSessionRecord): WorkSessionRecord {
  const waits = workSession.status === 'blocked' && workSession.blockedReason === 'dependency_failed';
  return waits ? { ...workSession, status: 'pending', stage: 'waiting_dependencies' } : workSession;
}
