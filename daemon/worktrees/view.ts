import type { Worktree } from '../../schemas/worktree.ts';
import { isoTime } from '../kernel/clock.ts';
import type { WorktreeRecord } from '../store/tables/worktrees.ts';

export function worktreeView({ createdAt, removedAt, ...record }: WorktreeRecord): Worktree {
  return { ...record, createdAt: isoTime(createdAt), ...(removedAt === undefined ? {} : { removedAt: isoTime(removedAt) }) };
}
