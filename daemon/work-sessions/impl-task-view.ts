import type { ImplTask } from '../../schemas/impl-task.ts';
import { isoTime } from '../kernel/clock.ts';
import type { Reader } from '../store/store.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';

/** An implementation task as clients see it: with its work session, and why it does not run. */
export function implTaskView(r: Reader, { createdAt, ...plain }: ImplTaskRecord, waits?: ReadonlyMap<string, string>): ImplTask {
  const workSession = r.workSessions.ofImplTask(plain.id);
  const waitsFor = workSession && waits?.get(workSession.id);
  return {
    ...plain,
    createdAt: isoTime(createdAt),
    ...(workSession === undefined ? {} : { workSessionId: workSession.id }),
    ...(waitsFor === undefined ? {} : { waitsFor }),
  };
}
