import type { Migration } from '../migrate.ts';

export const migration001: Migration = {
  version: 1,
  name: 'first',
  sql: `
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- body is the JSON of the event without its seq, written once and handed out as it is.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  project_id TEXT,
  session_id TEXT,
  spec_task_id TEXT,
  work_session_id TEXT,
  worktree_id TEXT,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_session ON events (session_id, seq) WHERE session_id IS NOT NULL;
CREATE INDEX events_by_project ON events (project_id, seq) WHERE project_id IS NOT NULL;
CREATE INDEX events_by_worktree ON events (worktree_id, seq) WHERE worktree_id IS NOT NULL;
CREATE INDEX events_by_spec_task ON events (spec_task_id, seq) WHERE spec_task_id IS NOT NULL;
CREATE INDEX events_by_work_session ON events (work_session_id, seq) WHERE work_session_id IS NOT NULL;

CREATE TABLE receipts (
  key TEXT PRIMARY KEY,
  method TEXT NOT NULL,
  params_sha256 TEXT NOT NULL,
  result TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_by_age ON receipts (created_at);

CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  path TEXT NOT NULL UNIQUE,
  git_dir TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE worktrees (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
  path TEXT NOT NULL,
  branch TEXT NOT NULL,
  base TEXT NOT NULL,
  base_commit TEXT NOT NULL,
  branch_created INTEGER NOT NULL CHECK (branch_created IN (0, 1)),
  session_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('creating', 'present', 'missing', 'removed')),
  retained TEXT,
  created_at INTEGER NOT NULL,
  removed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX worktrees_live_path ON worktrees (path) WHERE status <> 'removed';
CREATE UNIQUE INDEX worktrees_live_branch ON worktrees (project_id, branch) WHERE status <> 'removed';
CREATE INDEX worktrees_live ON worktrees (id) WHERE status <> 'removed';
CREATE INDEX worktrees_by_project ON worktrees (project_id, id);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  command_name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('standard', 'session', 'worktree')),
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
  project_path TEXT NOT NULL,
  worktree_id TEXT REFERENCES worktrees (id) ON DELETE SET NULL,
  terminal_id TEXT,
  branch TEXT,
  artifact_dir TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'preparing', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'lost')),
  reason TEXT,
  error TEXT,
  role TEXT NOT NULL DEFAULT 'plain' CHECK (role IN ('planning', 'implementation', 'plain')),
  group_id TEXT,
  spec_task_id TEXT,
  work_session_id TEXT,
  impl_task_id TEXT,
  instance_id TEXT,
  thread_id TEXT,
  arguments TEXT NOT NULL,
  definition TEXT NOT NULL,
  definition_sha256 TEXT NOT NULL,
  budget_ms INTEGER,
  deadline_at INTEGER,
  verdict TEXT,
  cancel_requested_at INTEGER,
  cancel_reason TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_project ON sessions (project_id, id);
CREATE INDEX sessions_by_status ON sessions (status, id);
CREATE INDEX sessions_by_command ON sessions (command_name, id);
CREATE INDEX sessions_by_worktree ON sessions (worktree_id) WHERE worktree_id IS NOT NULL;

CREATE TABLE step_runs (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  step_index INTEGER NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('lifecycle', 'pre', 'main', 'post', 'cleanup', 'finally')),
  attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  run_in TEXT NOT NULL CHECK (run_in IN ('process', 'tmux', 'daemon')),
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped', 'lost')),
  started_at INTEGER,
  ended_at INTEGER,
  deadline_at INTEGER,
  exit_code INTEGER,
  signal TEXT,
  reason TEXT,
  error TEXT,
  output_path TEXT,
  output_offset INTEGER NOT NULL DEFAULT 0,
  output_size INTEGER NOT NULL DEFAULT 0,
  pane_id TEXT,
  UNIQUE (session_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE shared_data (
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (session_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE terminals (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  tmux_id TEXT NOT NULL,
  shell_run_id TEXT NOT NULL,
  session_id TEXT,
  worktree_id TEXT REFERENCES worktrees (id) ON DELETE SET NULL,
  cwd TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('live', 'ended', 'lost')),
  reason TEXT,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX terminals_live ON terminals (id) WHERE status = 'live';
CREATE INDEX terminals_by_session ON terminals (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX terminals_by_worktree ON terminals (worktree_id) WHERE worktree_id IS NOT NULL;

CREATE TABLE artifacts (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('spec', 'log', 'output', 'prompt', 'analysis', 'plan', 'config')),
  path TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  mime TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (session_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tokens_live_name ON tokens (name) WHERE revoked_at IS NULL;
CREATE INDEX tokens_by_session ON tokens (session_id) WHERE session_id IS NOT NULL;
`,
};
