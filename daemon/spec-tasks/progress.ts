// How far a spec task is. Pure.
import type { Effort, ImplTaskStatus } from '../../schemas/impl-task.ts';
import type { Progress, SpecTaskStatus } from '../../schemas/spec-task.ts';

export interface ProgressItem {
  readonly effort: Effort;
  readonly status: ImplTaskStatus;
  readonly merged: boolean;
  /** What its work session reported, 0 to 1. */
  readonly reported?: number | undefined;
  /** Share of its acceptance that is ticked, 0 to 1. */
  readonly ticked?: number | undefined;
}

const weight: Readonly<Record<Effort, number>> = { small: 1, medium: 2, large: 4 };

/** Before approval; from approval on planning is whole. */
const planningShare: Partial<Readonly<Record<SpecTaskStatus, number>>> = {
  backlog: 0,
  queued_spec_generation: 0,
  spec_generation: 0.3,
  spec_failed: 0.3,
  spec_revision: 0.5,
  spec_review: 0.7,
};

const unknownShare = 0.5;
/** Reported or ticked, it is not done before it is merged. */
const almost = 0.95;

export function progressOf(status: SpecTaskStatus, approved: boolean, all: readonly ProgressItem[]): Progress {
  const items = all.filter((item) => item.status !== 'obsolete' && item.status !== 'skipped');
  const planning = approved ? 1 : (planningShare[status] ?? (status === 'cancelled' ? 0 : 1));
  const total = sum(items, () => 1);
  const implementation = sum(items, shareOf);
  const validation = sum(items, (item) => Number(item.merged));
  const completed = items.filter((item) => item.status === 'completed').length;
  const counts: Record<string, number> = {};
  for (const item of all) counts[item.status] = (counts[item.status] ?? 0) + 1;
  const share = (value: number): number => (total === 0 ? 0 : value / total);
  return {
    overallProgress: items.length === 0 ? 0 : completed / items.length,
    weighted: 0.1 * planning + 0.8 * share(implementation) + 0.1 * share(validation),
    planning,
    implementation: share(implementation),
    validation: share(validation),
    counts,
  };
}

function sum(items: readonly ProgressItem[], share: (item: ProgressItem) => number): number {
  return items.reduce((total, item) => total + weight[item.effort] * share(item), 0);
}

function shareOf({ status, reported, ticked }: ProgressItem): number {
  if (status === 'completed') return 1;
  if (status === 'pending' || status === 'assigned') return 0;
  if (reported === undefined && ticked === undefined) return unknownShare;
  return Math.min(almost, Math.max(reported ?? 0, ticked ?? 0));
}
