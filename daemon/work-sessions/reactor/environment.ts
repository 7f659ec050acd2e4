import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkDeps } from '../needs.ts';

/** What verify commands run with: the environment of the client that asked for the task, and what the task says beside it. */
export async function environmentOf({ envFiles }: Pick<WorkDeps, 'envFiles'>, task: SpecTaskRecord): Promise<Record<string, string>> {
  return { ...(await envFiles.environmentOf(task.id)), ...task.workspaceConfig.env, ...task.implementation?.env };
}
