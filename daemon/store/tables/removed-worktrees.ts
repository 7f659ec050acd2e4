import type { Db } from '../database.ts';
import { boundLimit } from './rows.ts';

/** A worktree that was removed by force and can be brought back. */
export interface RemovedWorktreeRecord {
  /** Of the worktree. */
  readonly id: string;
  readonly projectId: string;
  readonly path: string;
  readonly branch: string;
  readonly ref: string;
  readonly files: number;
  readonly removedAt: number;
}

export interface RemovedWorktreeReader {
  get(id: string): RemovedWorktreeRecord | undefined;
  /** Newest worktrees first. */
  list(filter: { projectId?: string }, cursor: string, limit: number): RemovedWorktreeRecord[];
  /** Those removed before a time. */
  olderThan(atMs: number, limit: number): RemovedWorktreeRecord[];
}

export interface RemovedWorktreeWriter extends RemovedWorktreeReader {
  insert(removed: Pick<RemovedWorktreeRecord, 'id' | 'projectId' | 'ref' | 'files' | 'removedAt'>): void;
  remove(id: string): void;
}

const columns = `r.worktree_id AS id, r.project_id AS projectId, t.path, t.branch, r.ref, r.files, r.removed_at AS removedAt
  FROM removed_worktrees r JOIN worktrees t ON t.id = r.worktree_id`;

export function createRemovedWorktreeReader(db: Db): RemovedWorktreeReader {
  const select = (where: string) => db.prepare<unknown[], RemovedWorktreeRecord>(`SELECT ${columns} WHERE ${where}`);
  const get = select('r.worktree_id = ?');
  const list = select(`r.worktree_id < ? ORDER BY r.worktree_id DESC LIMIT ${boundLimit}`);
  const listOf = select(`r.project_id = ? AND r.worktree_id < ? ORDER BY r.worktree_id DESC LIMIT ${boundLimit}`);
  const older = select(`r.removed_at < ? ORDER BY r.worktree_id LIMIT ${boundLimit}`);
  return {
    get: (id) => get.get(id),
    list: ({ projectId }, cursor, limit) => (projectId === undefined ? list.all(cursor, limit) : listOf.all(projectId, cursor, limit)),
    olderThan: (atMs, limit) => older.all(atMs, limit),
  };
}

export function createRemovedWorktreeWriter(db: Db): RemovedWorktreeWriter {
  const insert = db.prepare(
    `INSERT OR REPLACE INTO removed_worktrees (worktree_id, project_id, ref, files, removed_at)
     VALUES (@id, @projectId, @ref, @files, @removedAt)`,
  );
  const remove = db.prepare('DELETE FROM removed_worktrees WHERE worktree_id = ?');
  return {
    ...createRemovedWorktreeReader(db),
    insert: (removed) => void insert.run(removed),
    remove: (id) => void remove.run(id),
  };
}
