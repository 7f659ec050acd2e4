import { byDaemon } from '../kernel/origin.ts';
import type { Writer } from '../store/store.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';
import { subjectOf } from './subject.ts';

/** Somebody has taken its files away. Its branch, and what is committed there, has nothing to do with that. */
export function markMissing(w: Writer, worktree: WorktreeRecord): void {
  w.worktrees.setStatus(worktree.id, 'missing');
  const data = { path: worktree.path, branch: worktree.branch };
  w.events.append({ type: 'worktree.missing', subject: subjectOf(worktree), actor: byDaemon.actor, data });
}
