import type { Migration } from '../migrate.ts';

export const migration005: Migration = {
  version: 5,
  name: 'policy-and-logins',
  sql: `
-- An audit outlives what it speaks of, so nothing refers to other rows.
CREATE TABLE policy_decisions (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('warn', 'deny')),
  rule_id TEXT NOT NULL,
  message TEXT NOT NULL,
  fix TEXT,
  actor TEXT NOT NULL,
  project_id TEXT,
  session_id TEXT,
  step_run_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_decisions_by_session ON policy_decisions (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX policy_decisions_by_decision ON policy_decisions (decision, id);

-- Logins by device code. Codes that open anything are in a file of the state directory and never here.
CREATE TABLE auth_flows (
  id TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'granted', 'denied', 'expired', 'cancelled', 'failed')),
  reason TEXT,
  user_code TEXT NOT NULL,
  verification_uri TEXT NOT NULL,
  verification_uri_complete TEXT,
  interval_seconds INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX auth_flows_by_provider ON auth_flows (provider, id);
CREATE UNIQUE INDEX auth_flows_pending ON auth_flows (provider) WHERE status = 'pending';
`,
};
