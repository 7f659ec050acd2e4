import type { WorktreeRecord } from '../store/tables/worktrees.ts';

/** What events about a worktree are about. */
export function subjectOf(worktree: WorktreeRecord): { projectId: string; worktreeId: string; sessionId?: string } {
  const { projectId, id, sessionId } = worktree;
  return { projectId, worktreeId: id, ...(sessionId === undefined ? {} : { sessionId }) };
}
