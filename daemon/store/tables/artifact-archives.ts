import type { Db } from '../database.ts';
import { boundLimit, present } from './rows.ts';

/** `beside`: the files are there too. `replacing`: it is proven whole and they are being deleted. `replaced`: it is all that is left. */
export type ArchiveState = 'beside' | 'replacing' | 'replaced';

export interface ArchiveRecord {
  readonly sessionId: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly files: number;
  readonly state: ArchiveState;
  readonly archivedAt: number;
}

/** An ended session as retention looks at it. */
export interface RetainedSession {
  readonly id: string;
  readonly slug: string;
  readonly projectId: string;
  readonly artifactDir: string;
  readonly endedAt: number;
  /** When its last artifact came; absent without any. */
  readonly newestAt?: number;
  /** Of the files, or of the archive that replaced them. */
  readonly sizeBytes: number;
  readonly state?: ArchiveState;
  /** A terminal of it lives, or a worktree of it is there. */
  readonly held: boolean;
}

type Row = { [K in keyof Required<RetainedSession>]: K extends 'held' ? number : RetainedSession[K] | null };

export interface ArchiveReader {
  get(sessionId: string): ArchiveRecord | undefined;
  /** Sessions that ended before a time, oldest first, after another one. */
  ended(beforeMs: number, after: { endedAt: number; id: string }, limit: number): RetainedSession[];
}

export interface ArchiveWriter extends ArchiveReader {
  /** Adds or renews the archive of one session. */
  put(archive: ArchiveRecord): void;
  setState(sessionId: string, state: ArchiveState): void;
  remove(sessionId: string): void;
}

/** Whether anything still works with what the session `s` left. */
export const isHeld = `(EXISTS (SELECT 1 FROM worktrees AS w WHERE w.id = s.worktree_id AND w.status <> 'removed')
  OR EXISTS (SELECT 1 FROM terminals AS t WHERE t.session_id = s.id AND t.status = 'live'))`;

export function createArchiveReader(db: Db): ArchiveReader {
  const get = db.prepare<[string], ArchiveRecord>(
    `SELECT session_id AS sessionId, path, size_bytes AS sizeBytes, sha256, files, state, archived_at AS archivedAt
     FROM artifact_archives WHERE session_id = ?`,
  );
  const ended = db.prepare<[number, string, number, number], Row>(
    `SELECT s.id, s.slug, s.project_id AS projectId, s.artifact_dir AS artifactDir, s.ended_at AS endedAt, z.state,
       (SELECT max(created_at) FROM artifacts WHERE session_id = s.id) AS newestAt,
       CASE WHEN z.state = 'replaced' THEN z.size_bytes
         ELSE (SELECT ifnull(sum(size_bytes), 0) FROM artifacts WHERE session_id = s.id) END AS sizeBytes,
       ${isHeld} AS held
     FROM sessions AS s LEFT JOIN artifact_archives AS z ON z.session_id = s.id
     WHERE (s.ended_at, s.id) > (?, ?) AND s.ended_at < ? ORDER BY s.ended_at, s.id LIMIT ${boundLimit}`,
  );
  return {
    get: (sessionId) => get.get(sessionId),
    ended: (beforeMs, after, limit) =>
      ended.all(after.endedAt, after.id, beforeMs, limit).map((row) => ({ ...present(row), held: row.held === 1 }) as RetainedSession),
  };
}

export function createArchiveWriter(db: Db): ArchiveWriter {
  const put = db.prepare(
    `INSERT OR REPLACE INTO artifact_archives (session_id, path, size_bytes, sha256, files, state, archived_at)
     VALUES (@sessionId, @path, @sizeBytes, @sha256, @files, @state, @archivedAt)`,
  );
  const setState = db.prepare('UPDATE artifact_archives SET state = ? WHERE session_id = ?');
  const remove = db.prepare('DELETE FROM artifact_archives WHERE session_id = ?');
  return {
    ...createArchiveReader(db),
    put: (archive) => void put.run(archive),
    setState: (sessionId, state) => void setState.run(state, sessionId),
    remove: (sessionId) => void remove.run(sessionId),
  };
}
