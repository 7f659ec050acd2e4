// What the work sessions of a spec task mean for the task. Pure.
import type { SpecTask } from '../../schemas/spec-task.ts';
import type { WorkSessionRecord } from '../store/tables/work-sessions.ts';
import { hasEnded } from './machine.ts';

type Facts = Pick<WorkSessionRecord, 'name' | 'status' | 'stage' | 'blockedReason' | 'required' | 'lastError'>;

export type TaskMeaning = { readonly is: 'running' } | { readonly is: 'finished' } | { readonly is: 'failed'; readonly reason: string };

export function taskMeaning(failPolicy: SpecTask['failPolicy'], all: readonly Facts[]): TaskMeaning {
  const required = all.filter((one) => one.required);
  const failed = required.filter(({ status }) => status === 'failed');
  const reason = failed.map(({ name, lastError }) => `Work session "${name}" failed: ${lastError ?? 'no reason was told'}`).join(' ');
  if (failed.length > 0 && failPolicy === 'fail_fast') return { is: 'failed', reason };
  const canMove = (one: Facts): boolean => !hasEnded(one.status) && !isHopeless(one) && !(failPolicy === 'pause' && isHeldBack(one));
  if (failed.length > 0) return all.some(canMove) ? { is: 'running' } : { is: 'failed', reason };
  if (all.some(({ status }) => !hasEnded(status)) || required.length === 0) return { is: 'running' };
  return required.some(({ status }) => status === 'completed')
    ? { is: 'finished' }
    : { is: 'failed', reason: 'All of its work sessions were cancelled.' };
}

/** Nothing new begins once one failed under the policy "pause". */
export function mayStart(failPolicy: SpecTask['failPolicy'], all: readonly Facts[]): boolean {
  return failPolicy === 'continue' || !all.some((one) => one.required && one.status === 'failed');
}

function isHopeless({ status, blockedReason }: Facts): boolean {
  return status === 'blocked' && blockedReason === 'dependency_failed';
}

function isHeldBack({ status, stage }: Facts): boolean {
  return status === 'pending' && stage !== 'provisioning';
}
