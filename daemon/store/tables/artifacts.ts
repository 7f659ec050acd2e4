import type { Artifact } from '../../../schemas/artifact.ts';
import type { Db } from '../database.ts';
import { isHeld } from './artifact-archives.ts';
import { boundLimit } from './rows.ts';

export interface ArtifactRecord extends Omit<Artifact, 'createdAt'> {
  readonly createdAt: number;
}

/** An ended session that nothing holds any more: no terminal lives, and no worktree of it is there. */
export interface PrunableSession {
  readonly id: string;
  readonly slug: string;
  readonly artifactDir: string;
  readonly endedAt: number;
  readonly sizeBytes: number;
}

export interface ArtifactReader {
  get(id: string): ArtifactRecord | undefined;
  byPath(sessionId: string, path: string): ArtifactRecord | undefined;
  /** By path, after the path `cursor`. */
  list(sessionId: string, kind: string | undefined, cursor: string, limit: number): ArtifactRecord[];
  /** Oldest first. */
  prunable(): PrunableSession[];
  isPrunable(sessionId: string): boolean;
  /** Of all sessions. */
  totalBytes(): number;
  /** Of one session, without what its steps and its terminal print, which has no bound. */
  bytesOfSession(session: { readonly id: string; readonly artifactDir: string }): number;
}

export interface ArtifactWriter extends ArtifactReader {
  /** Adds or renews the row of one path. */
  put(artifact: ArtifactRecord): void;
  removeOfSession(sessionId: string): void;
}

const columns = 'id, session_id AS sessionId, kind, path, size_bytes AS sizeBytes, sha256, mime, created_at AS createdAt';

export function createArtifactReader(db: Db): ArtifactReader {
  const get = db.prepare<[string], ArtifactRecord>(`SELECT ${columns} FROM artifacts WHERE id = ?`);
  const byPath = db.prepare<[string, string], ArtifactRecord>(`SELECT ${columns} FROM artifacts WHERE session_id = ? AND path = ?`);
  const list = db.prepare<[string, string, string | null, number], ArtifactRecord>(
    `SELECT ${columns} FROM artifacts WHERE session_id = ? AND path > ? AND kind = ifnull(?, kind) ORDER BY path LIMIT ${boundLimit}`,
  );
  const selectPrunable = (where: string) => `SELECT s.id, s.slug, s.artifact_dir AS artifactDir, s.ended_at AS endedAt,
       CASE WHEN z.state = 'replaced' THEN z.size_bytes ELSE sum(a.size_bytes) END AS sizeBytes
     FROM sessions AS s JOIN artifacts AS a ON a.session_id = s.id LEFT JOIN artifact_archives AS z ON z.session_id = s.id
     WHERE ${where} AND s.ended_at IS NOT NULL AND NOT ${isHeld}
     GROUP BY s.id ORDER BY s.ended_at, s.id`;
  const prunable = db.prepare<[], PrunableSession>(selectPrunable('true'));
  const onePrunable = db.prepare<[string], PrunableSession>(selectPrunable('s.id = ?'));
  const total = db
    .prepare<[], number>(
      `SELECT (SELECT ifnull(sum(size_bytes), 0) FROM artifacts AS a
         WHERE NOT EXISTS (SELECT 1 FROM artifact_archives WHERE session_id = a.session_id AND state = 'replaced'))
       + (SELECT ifnull(sum(size_bytes), 0) FROM artifact_archives WHERE state = 'replaced')`,
    )
    .pluck();
  const ofSession = db
    .prepare<[{ id: string; artifactDir: string }], number>(
      `SELECT ifnull(sum(a.size_bytes), 0) FROM artifacts AS a
       WHERE a.session_id = @id AND a.path <> 'logs/000-terminal.log' AND NOT EXISTS
         (SELECT 1 FROM step_runs AS s WHERE s.session_id = a.session_id AND s.output_path = @artifactDir || '/' || a.path)`,
    )
    .pluck();
  return {
    get: (id) => get.get(id),
    byPath: (sessionId, path) => byPath.get(sessionId, path),
    list: (sessionId, kind, cursor, limit) => list.all(sessionId, cursor, kind ?? null, limit),
    prunable: () => prunable.all(),
    isPrunable: (sessionId) => onePrunable.get(sessionId) !== undefined,
    totalBytes: () => total.get() as number,
    bytesOfSession: ({ id, artifactDir }) => ofSession.get({ id, artifactDir }) as number,
  };
}

export function createArtifactWriter(db: Db): ArtifactWriter {
  const put = db.prepare(
    `INSERT INTO artifacts (id, session_id, kind, path, size_bytes, sha256, mime, created_at)
     VALUES (@id, @sessionId, @kind, @path, @sizeBytes, @sha256, @mime, @createdAt)
     ON CONFLICT (session_id, path) DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256, kind = excluded.kind, mime = excluded.mime`,
  );
  const remove = db.prepare('DELETE FROM artifacts WHERE session_id = ?');
  return {
    ...createArtifactReader(db),
    put: (artifact) => void put.run(artifact),
    removeOfSession: (sessionId) => void remove.run(sessionId),
  };
}
