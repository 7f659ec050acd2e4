import type { Migration } from '../migrate.ts';

export const migration006: Migration = {
  version: 6,
  name: 'spec-tasks',
  sql: `
CREATE TABLE spec_tasks (
  id TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
  name TEXT NOT NULL,
  prompt TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('feature', 'bug', 'refactor', 'chore', 'docs')),
  priority TEXT NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'critical')),
  status TEXT NOT NULL CHECK (status IN ('backlog', 'queued_spec_generation', 'spec_generation', 'spec_review', 'spec_revision',
    'spec_approved', 'queued_implementation', 'implementation', 'implementation_review', 'done', 'spec_failed',
    'implementation_failed', 'cancelled')),
  failed_from TEXT,
  revision INTEGER NOT NULL DEFAULT 0,
  approved_revision INTEGER,
  base_branch TEXT NOT NULL,
  integration_branch TEXT NOT NULL,
  integration_worktree_id TEXT,
  branch_prefix TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  labels TEXT NOT NULL,
  estimated_hours REAL,
  skip_planning INTEGER NOT NULL CHECK (skip_planning IN (0, 1)),
  planning_agent TEXT NOT NULL,
  implementation_agents TEXT NOT NULL,
  adapter TEXT NOT NULL CHECK (adapter IN ('acp', 'tmux', 'zed')),
  planning_session_id TEXT,
  planning_attempts INTEGER NOT NULL DEFAULT 0,
  workspace_config TEXT NOT NULL,
  source TEXT,
  template TEXT,
  fail_policy TEXT NOT NULL CHECK (fail_policy IN ('continue', 'pause', 'fail_fast')),
  approvals_required INTEGER NOT NULL,
  landing TEXT NOT NULL CHECK (landing IN ('none', 'ff', 'merge', 'squash', 'pr')),
  implementation TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL, started_at INTEGER,
  approved_at INTEGER,
  ended_at INTEGER,
  archived_at INTEGER,
  last_error TEXT,
  landed_commit TEXT,
  pull_request_url TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (project_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX spec_tasks_by_status ON spec_tasks (status, id);
CREATE INDEX spec_tasks_by_project ON spec_tasks (project_id, id);
CREATE TABLE spec_revisions (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  requirements TEXT NOT NULL,
  design TEXT NOT NULL,
  plan TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('agent', 'human', 'import')),
  "commit" TEXT,
  status TEXT NOT NULL CHECK (status IN ('in_review', 'changes_requested', 'approved', 'superseded')),
  sha256 TEXT NOT NULL,
  approvals TEXT NOT NULL,
  decided_by TEXT,
  decided_at INTEGER,
  created_at INTEGER NOT NULL,
  UNIQUE (spec_task_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE review_comments (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL CHECK (document IN ('requirements', 'design', 'plan')),
  section TEXT,
  line INTEGER,
  quote TEXT,
  body TEXT NOT NULL,
  blocking INTEGER NOT NULL CHECK (blocking IN (0, 1)),
  status TEXT NOT NULL CHECK (status IN ('open', 'resolved', 'obsolete')),
  author TEXT NOT NULL,
  replies TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  resolved_at INTEGER,
  resolved_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX review_comments_by_task ON review_comments (spec_task_id, id);
CREATE TABLE impl_tasks (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  key TEXT NOT NULL,
  "index" INTEGER NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  acceptance TEXT NOT NULL,
  effort TEXT NOT NULL CHECK (effort IN ('small', 'medium', 'large')),
  effort_source TEXT NOT NULL,
  estimate_hours REAL,
  priority TEXT NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'critical')),
  dependencies TEXT NOT NULL,
  files TEXT NOT NULL,
  verify TEXT NOT NULL,
  "group" TEXT,
  parallel INTEGER NOT NULL CHECK (parallel IN (0, 1)),
  agent TEXT,
  initial_status TEXT NOT NULL CHECK (initial_status IN ('pending', 'completed')),
  started_hint INTEGER NOT NULL CHECK (started_hint IN (0, 1)),
  story TEXT,
  requirements TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  plan_revision INTEGER NOT NULL,
  drifted INTEGER NOT NULL DEFAULT 0 CHECK (drifted IN (0, 1)),
  status TEXT NOT NULL CHECK (status IN ('pending', 'assigned', 'in_progress', 'blocked', 'completed', 'skipped', 'obsolete')),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX impl_tasks_by_task ON impl_tasks (spec_task_id, "index");
CREATE TABLE work_sessions (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL,
  session_id TEXT UNIQUE REFERENCES sessions (id) ON DELETE SET NULL,
  impl_task_id TEXT REFERENCES impl_tasks (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('planned', 'spawned', 'ad_hoc')),
  parent_id TEXT REFERENCES work_sessions (id) ON DELETE CASCADE,
  depth INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  prompt TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'blocked', 'completed', 'failed', 'cancelled')),
  stage TEXT,
  blocked_reason TEXT,
  blocked_detail TEXT,
  started INTEGER NOT NULL DEFAULT 0 CHECK (started IN (0, 1)),
  required INTEGER NOT NULL CHECK (required IN (0, 1)),
  merge_into TEXT NOT NULL CHECK (merge_into IN ('integration', 'parent')),
  base TEXT NOT NULL CHECK (base IN ('parent_head', 'integration')),
  depends_on TEXT NOT NULL,
  branch TEXT NOT NULL,
  worktree_id TEXT REFERENCES worktrees (id) ON DELETE SET NULL,
  base_commit TEXT,
  head_commit TEXT,
  merged_commit TEXT,
  merged_from TEXT,
  conflict_asked_for TEXT,
  merge_requested_at INTEGER,
  attempt INTEGER NOT NULL,
  turns_seen INTEGER NOT NULL DEFAULT 0,
  verify_attempts INTEGER NOT NULL DEFAULT 0,
  progress REAL,
  summary TEXT,
  agent TEXT NOT NULL,
  last_error TEXT,
  created_at INTEGER NOT NULL, started_at INTEGER,
  ended_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX work_sessions_one_a_task ON work_sessions (impl_task_id) WHERE impl_task_id IS NOT NULL;
CREATE UNIQUE INDEX work_sessions_branch ON work_sessions (project_id, branch);
CREATE INDEX work_sessions_by_project ON work_sessions (project_id, id);
CREATE INDEX work_sessions_by_task ON work_sessions (spec_task_id, id);
CREATE INDEX work_sessions_by_parent ON work_sessions (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX work_sessions_by_worktree ON work_sessions (worktree_id) WHERE worktree_id IS NOT NULL;
CREATE INDEX work_sessions_live ON work_sessions (id) WHERE status IN ('pending', 'active', 'blocked');
CREATE TABLE instances (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL,
  adapter TEXT NOT NULL CHECK (adapter IN ('acp', 'tmux', 'zed')),
  status TEXT NOT NULL CHECK (status IN ('starting', 'ready', 'stale', 'lost', 'stopping', 'stopped', 'failed')),
  pid INTEGER,
  terminal_id TEXT,
  last_heartbeat_at INTEGER,
  restart_count INTEGER NOT NULL DEFAULT 0,
  capabilities TEXT NOT NULL,
  last_event_seq INTEGER NOT NULL DEFAULT 0,
  restart_at INTEGER, restart_requested_at INTEGER,
  last_error TEXT,
  created_at INTEGER NOT NULL, ended_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX instances_one_live ON instances (spec_task_id) WHERE status IN ('starting', 'ready', 'stale', 'lost', 'stopping');
CREATE INDEX instances_by_task ON instances (spec_task_id, id);
CREATE TABLE threads (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  work_session_id TEXT UNIQUE REFERENCES work_sessions (id) ON DELETE CASCADE,
  session_id TEXT,
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  agent TEXT NOT NULL,
  external_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'disconnected', 'completed', 'failed')),
  turn TEXT NOT NULL CHECK (turn IN ('idle', 'running', 'requires_action')),
  generation INTEGER NOT NULL DEFAULT 1,
  turns INTEGER NOT NULL DEFAULT 0,
  last_stop_reason TEXT,
  last_turn_interrupted INTEGER NOT NULL DEFAULT 0 CHECK (last_turn_interrupted IN (0, 1)),
  ticked REAL,
  agent_state TEXT,
  last_activity_at INTEGER,
  wake_at INTEGER, cancel_requested_at INTEGER,
  created_at INTEGER NOT NULL, ended_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX threads_external ON threads (instance_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX instances_live ON instances (id) WHERE status IN ('starting', 'ready', 'stale', 'lost', 'stopping');
CREATE INDEX threads_by_instance ON threads (instance_id, id);
CREATE INDEX threads_by_task ON threads (spec_task_id, id);
CREATE TABLE prompts (
  id TEXT PRIMARY KEY,
  thread_id TEXT REFERENCES threads (id) ON DELETE CASCADE,
  work_session_id TEXT REFERENCES work_sessions (id) ON DELETE CASCADE,
  content TEXT NOT NULL,
  interrupt INTEGER NOT NULL CHECK (interrupt IN (0, 1)),
  status TEXT NOT NULL CHECK (status IN ('queued', 'typed', 'submitted', 'accepted', 'failed')),
  proof TEXT,
  failure TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  origin TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  settled_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX prompts_by_work_session ON prompts (work_session_id, id) WHERE work_session_id IS NOT NULL;
CREATE INDEX prompts_by_thread ON prompts (thread_id, id) WHERE thread_id IS NOT NULL;
CREATE TABLE permissions (
  id TEXT PRIMARY KEY,
  thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  work_session_id TEXT,
  request_key TEXT NOT NULL,
  title TEXT NOT NULL,
  tool_call TEXT NOT NULL,
  options TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'answered', 'withdrawn')),
  answer TEXT, answered_by TEXT,
  requested_at INTEGER NOT NULL,
  answered_at INTEGER,
  settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
  UNIQUE (thread_id, request_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX permissions_by_thread ON permissions (thread_id, id);
CREATE INDEX permissions_by_task ON permissions (spec_task_id, id);
CREATE INDEX permissions_by_status ON permissions (status, id);
CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  sender_id TEXT,
  type TEXT NOT NULL CHECK (type IN ('handoff', 'blocking', 'notification', 'request', 'response', 'broadcast', 'completion', 'spawn')),
  in_reply_to TEXT,
  body TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_by_task ON messages (spec_task_id, id);
CREATE INDEX messages_replies ON messages (in_reply_to) WHERE in_reply_to IS NOT NULL;
CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE message_deliveries (
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  spec_task_id TEXT NOT NULL,
  recipient_id TEXT NOT NULL REFERENCES work_sessions (id) ON DELETE CASCADE,
  status TEXT NOT NULL CHECK (status IN ('queued', 'delivered', 'acked', 'expired')),
  delivered_at INTEGER, acked_at INTEGER,
  UNIQUE (message_id, recipient_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_deliveries_of ON message_deliveries (message_id, id);
CREATE INDEX message_deliveries_waiting ON message_deliveries (recipient_id, status, message_id);
CREATE TABLE shared_state (
  id TEXT PRIMARY KEY,
  spec_task_id TEXT NOT NULL REFERENCES spec_tasks (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  version INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (spec_task_id, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE attention (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'cleared')),
  title TEXT NOT NULL,
  detail TEXT,
  remedy TEXT,
  project_id TEXT,
  spec_task_id TEXT REFERENCES spec_tasks (id) ON DELETE CASCADE,
  work_session_id TEXT,
  session_id TEXT,
  ref_id TEXT,
  raised_at INTEGER NOT NULL,
  cleared_at INTEGER,
  cleared_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX attention_by_status ON attention (status, id);
CREATE INDEX attention_by_task ON attention (spec_task_id, id) WHERE spec_task_id IS NOT NULL;
CREATE INDEX attention_open_by_ref ON attention (ref_id) WHERE status = 'open' AND ref_id IS NOT NULL;
`,
};
