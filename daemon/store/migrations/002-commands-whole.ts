import type { Migration } from '../migrate.ts';

export const migration002: Migration = {
  version: 2,
  name: 'commands-whole',
  sql: `
-- Work that a forced removal saved: enough to bring the worktree back.
CREATE TABLE removed_worktrees (
  worktree_id TEXT PRIMARY KEY REFERENCES worktrees (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  ref TEXT NOT NULL,
  files INTEGER NOT NULL,
  removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_worktrees_by_project ON removed_worktrees (project_id, worktree_id);

CREATE TABLE leases (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('port', 'name', 'slot')),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  pool TEXT NOT NULL,
  session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
  worktree_id TEXT REFERENCES worktrees (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  UNIQUE (kind, pool, value),
  CHECK (session_id IS NOT NULL OR worktree_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_session ON leases (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX leases_by_worktree ON leases (worktree_id) WHERE worktree_id IS NOT NULL;

CREATE TABLE schedules (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  command_name TEXT NOT NULL,
  cron TEXT NOT NULL,
  timezone TEXT,
  arguments TEXT NOT NULL,
  overlap TEXT NOT NULL CHECK (overlap IN ('skip', 'queue')),
  source TEXT NOT NULL CHECK (source IN ('file', 'call')),
  last_at INTEGER,
  last_session_id TEXT,
  missed INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_by_project ON schedules (project_id, id);

-- What came of the attempts before the one that the step run shows.
CREATE TABLE step_attempts (
  step_run_id TEXT NOT NULL REFERENCES step_runs (id) ON DELETE CASCADE,
  attempt INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  exit_code INTEGER,
  signal TEXT,
  reason TEXT,
  error TEXT,
  output_offset INTEGER NOT NULL,
  output_size INTEGER NOT NULL,
  PRIMARY KEY (step_run_id, attempt)
) STRICT, WITHOUT ROWID;

ALTER TABLE step_runs ADD COLUMN retry_at INTEGER;
ALTER TABLE sessions ADD COLUMN concurrency_group TEXT;
ALTER TABLE sessions ADD COLUMN concurrency_limit INTEGER;
ALTER TABLE sessions ADD COLUMN schedule_id TEXT;
`,
};
