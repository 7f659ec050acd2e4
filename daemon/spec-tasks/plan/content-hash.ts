import { createHash } from 'node:crypto';
import type { PlanTask } from '../../../schemas/plan.ts';

/**
 * What a task asks for, as SHA-256 in hex: title, description, acceptance and the labels of its dependencies. Labels and not positions,
 * so a task that is put in between changes no other.
 */
export function contentHash(task: PlanTask, tasks: readonly PlanTask[]): string {
  const dependencies = task.dependencies.map((index) => tasks[index]?.label ?? '').toSorted();
  return createHash('sha256')
    .update(JSON.stringify([task.title, task.description, task.acceptance, dependencies]))
    .digest('hex');
}
