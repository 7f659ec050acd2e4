// All there is to show of one task, of one moment: every row and the position in the log come from the same read.
import type { ResultOf } from '../../schemas/contract.ts';
import type { Event } from '../../schemas/event.ts';
import { limits } from '../../schemas/limits.ts';
import { attentionView } from '../attention/view.ts';
import { formatCursor } from '../events/cursor.ts';
import { instanceView, threadView } from '../instances/view.ts';
import { progressOfTask } from '../spec-tasks/progress-of-task.ts';
import { freshSpecTask } from '../spec-tasks/transition.ts';
import { specTaskView } from '../spec-tasks/view.ts';
import type { Reader, Store } from '../store/store.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import { implTaskView } from '../work-sessions/impl-task-view.ts';
import { mergeQueueOf } from '../work-sessions/merge-queue.ts';
import { remainingPaths } from '../work-sessions/schedule.ts';
import { workSessionView } from '../work-sessions/view.ts';

type Overview = ResultOf<'specTask.overview'>;

export interface OverviewDeps {
  readonly store: Store;
  /** Why each pending work session waits, by its id. */
  readonly epoch: () => string;
  readonly waits: (r: Reader) => ReadonlyMap<string, string>;
}

export function overviewOf({ store, epoch, waits }: OverviewDeps, id: string): Overview {
  return store.read((r) => {
    const task = freshSpecTask(r, id);
    const implTasks = r.implTasks.ofSpecTask(id);
    const workSessions = r.workSessions.ofSpecTask(id);
    const instance = r.instances.liveOf(id);
    const waiting = waits(r);
    const asOfSeq = r.events.lastSeq();
    return {
      specTask: specTaskView(task),
      progress: progressOfTask(r, task),
      counts: { implTasks: countBy(implTasks), workSessions: countBy(workSessions) },
      implTasks: implTasks.map((row) => implTaskView(r, row, waiting)),
      workSessions: workSessions.map((row) => workSessionView(r, row, waiting)),
      ...(instance === undefined ? {} : { instance: instanceView(r, instance) }),
      threads: r.threads.ofSpecTask(id).map(threadView),
      mergeQueue: mergeQueueOf(workSessions).map(({ id: workSessionId, name }, index) => ({ workSessionId, name, position: index + 1 })),
      attention: r.attention.openOfSpecTask(id).map(attentionView),
      recentActivity: r.events.newest(limits.recentEvents, { specTaskId: id }).map(({ text }) => JSON.parse(text) as Event),
      criticalPath: criticalPath(implTasks),
      asOfSeq,
      cursor: formatCursor(epoch(), asOfSeq),
    };
  });
}

function countBy(rows: readonly { readonly status: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function criticalPath(implTasks: readonly ImplTaskRecord[]): string[] {
  const paths = remainingPaths(implTasks);
  const open = implTasks.filter(({ id }) => paths.has(id));
  const longest = (of: readonly ImplTaskRecord[]) =>
    of.toSorted((a, b) => (paths.get(b.id) ?? 0) - (paths.get(a.id) ?? 0) || a.index - b.index)[0];
  const labels: string[] = [];
  for (let at = longest(open.filter(({ dependencies }) => !dependencies.some((id) => paths.has(id)))); at; ) {
    labels.push(at.label);
    const { id } = at;
    at = longest(open.filter(({ dependencies }) => dependencies.includes(id)));
  }
  return labels;
}
