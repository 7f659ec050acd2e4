// The rows that the items of a plan become. Pure but for the ids.
import type { ParsedPlan, PlanTask } from '../../schemas/plan.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';

export interface ImplRowsOptions {
  readonly specTaskId: string;
  readonly planRevision: number;
  readonly now: number;
  readonly nextId: () => string;
  readonly hashOf: (task: PlanTask, plan: ParsedPlan) => string;
}

/** One row an item, in plan order; dependencies become ids. */
export function implRows(plan: ParsedPlan, { specTaskId, planRevision, now, nextId, hashOf }: ImplRowsOptions): ImplTaskRecord[] {
  const ids = plan.tasks.map(() => nextId());
  return plan.tasks.map((task, position) => {
    const { line: _, dependencies, estimateHours, group, story, agent, ...plain } = task;
    return {
      ...plain,
      ...{ id: ids[position] as string, specTaskId, planRevision, createdAt: now, drifted: false },
      dependencies: dependencies.flatMap((index) => ids[index] ?? []),
      contentHash: hashOf(task, plan),
      // What the plan has ticked is done, without a session.
      status: task.initialStatus,
      ...(estimateHours === null ? {} : { estimateHours }),
      ...(group === null ? {} : { group }),
      ...(story === null ? {} : { story }),
      ...(agent === undefined ? {} : { agent }),
    };
  });
}

/** A task without a plan has one item, as big as it is. */
export function implicitRow({
  specTaskId,
  prompt,
  now,
  id,
  contentHash,
}: {
  specTaskId: string;
  prompt: string;
  now: number;
  id: string;
  contentHash: string;
}): ImplTaskRecord {
  return {
    ...{ id, specTaskId, label: '1', key: 'implementation', index: 0, title: 'Implementation', description: prompt, acceptance: [] },
    ...{ effort: 'medium', effortSource: 'default', priority: 'medium', dependencies: [], files: [], verify: [], parallel: false },
    ...{ initialStatus: 'pending', startedHint: false, requirements: [], contentHash, planRevision: 0, drifted: false, status: 'pending' },
    createdAt: now,
  };
}
