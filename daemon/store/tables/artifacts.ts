import type { Artifact } from '../../../schemas/artifact.ts';
import type { Db } from '../database.ts';

export interface ArtifactRecord extends Omit<Artifact, 'createdAt'> {
  readonly createdAt: number;
}

export interface ArtifactReader {
  get(id: string): ArtifactRecord | undefined;
  byPath(sessionId: string, path: string): ArtifactRecord | undefined;
  /** By path, after the path `cursor`. */
  list(sessionId: string, kind: string | undefined, cursor: string, limit: number): ArtifactRecord[];
}

export interface ArtifactWriter extends ArtifactReader {
  /** Adds or renews the row of one path. */
  put(artifact: ArtifactRecord): void;
}

const columns = 'id, session_id AS sessionId, kind, path, size_bytes AS sizeBytes, sha256, mime, created_at AS createdAt';

export function createArtifactReader(db: Db): ArtifactReader {
  const get = db.prepare<[string], ArtifactRecord>(`SELECT ${columns} FROM artifacts WHERE id = ?`);
  const byPath = db.prepare<[string, string], ArtifactRecord>(`SELECT ${columns} FROM artifacts WHERE session_id = ? AND path = ?`);
  const list = db.prepare<[string, string, string | null, number], ArtifactRecord>(
    `SELECT ${columns} FROM artifacts WHERE session_id = ? AND path > ? AND kind = ifnull(?, kind) ORDER BY path LIMIT ?`,
  );
  return {
    get: (id) => get.get(id),
    byPath: (sessionId, path) => byPath.get(sessionId, path),
    list: (sessionId, kind, cursor, limit) => list.all(sessionId, cursor, kind ?? null, limit),
  };
}

export function createArtifactWriter(db: Db): ArtifactWriter {
  const put = db.prepare(
    `INSERT INTO artifacts (id, session_id, kind, path, size_bytes, sha256, mime, created_at)
     VALUES (@id, @sessionId, @kind, @path, @sizeBytes, @sha256, @mime, @createdAt)
     ON CONFLICT (session_id, path) DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256, kind = excluded.kind, mime = excluded.mime`,
  );
  return { ...createArtifactReader(db), put: (artifact) => void put.run(artifact) };
}
