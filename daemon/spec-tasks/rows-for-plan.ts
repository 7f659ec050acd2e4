// The items of an approved plan as rows, or the one item of a task that skips planning.
import { createHash } from 'node:crypto';
import type { ParsedPlan } from '../../schemas/plan.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { ImplTaskRecord } from '../store/tables/impl-tasks.ts';
import type { SpecTaskRecord } from '../store/tables/spec-tasks.ts';
import { implicitRow, implRows } from './impl-rows.ts';
import { contentHash } from './plan/content-hash.ts';
import { parsePlan } from './plan/parse-plan.ts';

export type RowsForPlan = (
  task: SpecTaskRecord,
  plan: string | undefined,
) => { readonly rows: ImplTaskRecord[]; readonly waves: ParsedPlan['waves'] };

export function createRowsForPlan({ clock, ids }: { readonly clock: Clock; readonly ids: Ids }): RowsForPlan {
  return (task, plan) => {
    const nextId = (): string => ids.next('imp');
    if (plan === undefined) {
      const contentHash = createHash('sha256').update(task.prompt).digest('hex');
      return {
        rows: [implicitRow({ specTaskId: task.id, prompt: task.prompt, now: clock.now(), id: nextId(), contentHash })],
        waves: [['1']],
      };
    }
    const parsed = parsePlan(plan);
    const hashOf: Parameters<typeof implRows>[1]['hashOf'] = (item, { tasks }) => contentHash(item, tasks);
    const planRevision = task.approvedRevision ?? task.revision;
    return { rows: implRows(parsed, { specTaskId: task.id, planRevision, now: clock.now(), nextId, hashOf }), waves: parsed.waves };
  };
}
