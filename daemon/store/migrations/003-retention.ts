import type { Migration } from '../migrate.ts';

export const migration003: Migration = {
  version: 3,
  name: 'retention',
  keepsRowsOf: ['sessions', 'step_runs', 'artifacts', 'tokens'],
  sql: `
-- Many sessions run the same command. Its text is long, and a table WITHOUT ROWID pays for long rows with a page each.
CREATE TABLE definitions (
  id INTEGER PRIMARY KEY,
  file_sha256 TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX definitions_by_file ON definitions (file_sha256);

INSERT INTO definitions (file_sha256, body) SELECT DISTINCT definition_sha256, definition FROM sessions;
ALTER TABLE sessions ADD COLUMN definition_id INTEGER REFERENCES definitions (id) ON DELETE RESTRICT;
UPDATE sessions SET definition_id = (
  SELECT id FROM definitions WHERE file_sha256 = sessions.definition_sha256 AND body = sessions.definition
);
ALTER TABLE sessions DROP COLUMN definition;
ALTER TABLE sessions DROP COLUMN definition_sha256;
CREATE INDEX sessions_by_definition ON sessions (definition_id);
CREATE INDEX sessions_by_end ON sessions (ended_at, id) WHERE ended_at IS NOT NULL;

-- A packed copy of the artifacts of a session. 'beside': the files are there too. 'replacing': the archive is proven whole and the files
-- are being deleted. 'replaced': it is all that is left of them.
CREATE TABLE artifact_archives (
  session_id TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  files INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('beside', 'replacing', 'replaced')),
  archived_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_archives_by_state ON artifact_archives (state, session_id);
`,
};
