import type { Worktree } from '../../../schemas/worktree.ts';
import type { Db } from '../database.ts';
import { afterAllIds, boundLimit, present } from './rows.ts';

export type WorktreeStatus = Worktree['status'];

export interface WorktreeRecord {
  readonly id: string;
  readonly projectId: string;
  readonly path: string;
  readonly branch: string;
  readonly base: string;
  readonly baseCommit: string;
  readonly branchCreated: boolean;
  readonly sessionId?: string;
  readonly status: WorktreeStatus;
  readonly retained?: string;
  readonly createdAt: number;
  readonly removedAt?: number;
}

interface Row extends Omit<WorktreeRecord, 'branchCreated' | 'sessionId' | 'retained' | 'removedAt'> {
  branchCreated: number;
  sessionId: string | null;
  retained: string | null;
  removedAt: number | null;
}

export interface WorktreeReader {
  get(id: string): WorktreeRecord | undefined;
  /** Not removed ones only. */
  byPath(path: string): WorktreeRecord | undefined;
  byBranch(branch: string): WorktreeRecord[];
  byProjectAndBranch(projectId: string, branch: string): WorktreeRecord | undefined;
  list(filter: { projectId?: string }, cursor: string, limit: number): WorktreeRecord[];
  allLive(): WorktreeRecord[];
  /** Of the newest, also of removed ones. */
  newestPaths(limit: number): string[];
}

export interface WorktreeWriter extends WorktreeReader {
  insert(worktree: WorktreeRecord): void;
  setStatus(id: string, status: WorktreeStatus): void;
  setBase(id: string, baseCommit: string, branchCreated: boolean): void;
  setRetained(id: string, reason: string | null): void;
  markRemoved(id: string, at: number): void;
  /** It is back. */
  markRestored(id: string): void;
  /** For one that never came to be. */
  remove(id: string): void;
}

const columns = `id, project_id AS projectId, path, branch, base, base_commit AS baseCommit, branch_created AS branchCreated,
  session_id AS sessionId, status, retained, created_at AS createdAt, removed_at AS removedAt`;

export function createWorktreeReader(db: Db): WorktreeReader {
  const select = (where: string) => db.prepare<unknown[], Row>(`SELECT ${columns} FROM worktrees WHERE ${where}`);
  const get = select('id = ?');
  const byPath = select("path = ? AND status <> 'removed'");
  const byBranch = select("branch = ? AND status <> 'removed' ORDER BY id DESC LIMIT 20");
  const byProjectAndBranch = select("project_id = ? AND branch = ? AND status <> 'removed'");
  const list = select(`status <> 'removed' AND id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const listOf = select(`project_id = ? AND status <> 'removed' AND id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const all = select("status <> 'removed' ORDER BY id");
  const paths = db.prepare<unknown[], { path: string }>(`SELECT path FROM worktrees WHERE id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const one = (row: Row | undefined): WorktreeRecord | undefined => row && toRecord(row);
  return {
    get: (id) => one(get.get(id)),
    byPath: (path) => one(byPath.get(path)),
    byBranch: (branch) => byBranch.all(branch).map(toRecord),
    byProjectAndBranch: (projectId, branch) => one(byProjectAndBranch.get(projectId, branch)),
    list: ({ projectId }, cursor, limit) => (projectId ? listOf.all(projectId, cursor, limit) : list.all(cursor, limit)).map(toRecord),
    allLive: () => all.all().map(toRecord),
    newestPaths: (limit) => paths.all(afterAllIds, limit).map(({ path }) => path),
  };
}

export function createWorktreeWriter(db: Db): WorktreeWriter {
  const insert = db.prepare(
    `INSERT INTO worktrees (id, project_id, path, branch, base, base_commit, branch_created, session_id, status, created_at)
     VALUES (@id, @projectId, @path, @branch, @base, @baseCommit, @branchCreated, @sessionId, @status, @createdAt)`,
  );
  const setStatus = db.prepare('UPDATE worktrees SET status = ? WHERE id = ?');
  const setBase = db.prepare('UPDATE worktrees SET base_commit = ?, branch_created = ? WHERE id = ?');
  const setRetained = db.prepare('UPDATE worktrees SET retained = ? WHERE id = ?');
  const markRemoved = db.prepare("UPDATE worktrees SET status = 'removed', removed_at = ? WHERE id = ?");
  const markRestored = db.prepare("UPDATE worktrees SET status = 'present', removed_at = NULL WHERE id = ?");
  const remove = db.prepare('DELETE FROM worktrees WHERE id = ?');
  return {
    ...createWorktreeReader(db),
    insert: (worktree) =>
      void insert.run({ ...worktree, sessionId: worktree.sessionId ?? null, branchCreated: worktree.branchCreated ? 1 : 0 }),
    setStatus: (id, status) => void setStatus.run(status, id),
    setBase: (id, baseCommit, branchCreated) => void setBase.run(baseCommit, branchCreated ? 1 : 0, id),
    setRetained: (id, reason) => void setRetained.run(reason, id),
    markRemoved: (id, at) => void markRemoved.run(at, id),
    markRestored: (id) => void markRestored.run(id),
    remove: (id) => void remove.run(id),
  };
}

function toRecord(row: Row): WorktreeRecord {
  return { ...present(row), branchCreated: row.branchCreated === 1 } as WorktreeRecord;
}
