import type { SpecTaskRecord } from '../../store/tables/spec-tasks.ts';
import type { WorkDeps } from '../needs.ts';

/** Of the client that asked for the task, with what the task says beside it. */
export async function environmentOf({ envFiles }: Pick<WorkDeps, 'envFiles'>, task: SpecTaskRecord): Promise<Record<string, string>> {
  const { environment } = await envFiles.read(task.id);
  return { ...environment, ...task.workspaceConfig.env, ...task.implementation?.env };
}
