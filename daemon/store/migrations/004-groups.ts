import type { Migration } from '../migrate.ts';

export const migration004: Migration = {
  version: 4,
  name: 'groups',
  sql: `
CREATE TABLE session_groups (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  gate TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('all', 'quorum', 'first')),
  required INTEGER NOT NULL CHECK (required > 0),
  fail_fast INTEGER NOT NULL CHECK (fail_fast IN (0, 1)),
  timeout_ms INTEGER,
  deadline_at INTEGER,
  status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'degraded', 'failed', 'cancelled')),
  reason TEXT,
  cancel_requested_at INTEGER,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_groups_by_project ON session_groups (project_id, id);
CREATE INDEX session_groups_running ON session_groups (id) WHERE status = 'running';

-- One row an attempt. The status is told by the session while it runs and written here with its end, because a session may be removed.
CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES session_groups (id) ON DELETE CASCADE,
  member INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  session_id TEXT NOT NULL UNIQUE,
  slug TEXT NOT NULL,
  command_name TEXT NOT NULL,
  agent TEXT,
  status TEXT CHECK (status IN ('succeeded', 'failed', 'cancelled', 'lost')),
  reason TEXT,
  PRIMARY KEY (group_id, member, attempt)
) STRICT, WITHOUT ROWID;
`,
};
