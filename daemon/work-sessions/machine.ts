// The pure rules of a work session: its status, the stages within, and how the status of its implementation task follows.
import type { ImplTaskStatus } from '../../schemas/impl-task.ts';
import type { WorkSessionStatus } from '../../schemas/work-session.ts';
import type { Transitions } from '../kernel/transitions.ts';

export const workSessionTransitions: Transitions<WorkSessionStatus> = {
  pending: ['active', 'blocked', 'failed', 'cancelled'],
  active: ['blocked', 'completed', 'failed', 'cancelled'],
  blocked: ['pending', 'active', 'failed', 'cancelled'],
  completed: ['pending'],
  failed: ['pending', 'cancelled'],
  cancelled: ['pending'],
};

/** The way back of each ended status: a failed one is retried, the others are reopened. */
export const reopenableStatuses: readonly WorkSessionStatus[] = ['completed', 'cancelled'];

export function hasEnded(status: WorkSessionStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** An implementation task has no status of its own once it has a work session. */
export function implTaskStatusOf({ status, stage }: { status: WorkSessionStatus; stage?: string | undefined }): ImplTaskStatus {
  if (status === 'pending') return stage === 'provisioning' ? 'assigned' : 'pending';
  if (status === 'active') return 'in_progress';
  if (status === 'completed') return 'completed';
  return status === 'cancelled' ? 'skipped' : 'blocked';
}
