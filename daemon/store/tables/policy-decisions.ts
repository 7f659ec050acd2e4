import type { KeptDecision } from '../../../schemas/policy.ts';
import type { Db } from '../database.ts';
import { createStatements } from '../statements.ts';
import { boundLimit, present } from './rows.ts';

export interface PolicyDecisionRecord extends Omit<KeptDecision, 'at' | 'decision'> {
  readonly at: number;
  readonly decision: 'warn' | 'deny';
}

type Row = { [K in keyof PolicyDecisionRecord]-?: PolicyDecisionRecord[K] | null };

export interface DecisionFilter {
  readonly sessionId?: string;
  readonly decision?: string;
}

export interface PolicyDecisionReader {
  /** Newest first. */
  list(filter: DecisionFilter, cursor: string, limit: number): PolicyDecisionRecord[];
  /** Has this session been warned by this rule? */
  hasWarned(sessionId: string, ruleId: string): boolean;
}

export interface PolicyDecisionWriter extends PolicyDecisionReader {
  /** Keeps the newest `keepRows`. */
  insert(decision: PolicyDecisionRecord, keepRows: number): void;
}

const columns = `id, at, decision, rule_id AS ruleId, message, fix, actor, project_id AS projectId, session_id AS sessionId,
  step_run_id AS stepRunId`;

export function createPolicyDecisionReader(db: Db): PolicyDecisionReader {
  const statements = createStatements<Row>(db);
  const hasWarned = db.prepare("SELECT 1 FROM policy_decisions WHERE session_id = ? AND rule_id = ? AND decision = 'warn' LIMIT 1");
  return {
    list({ sessionId, decision }, cursor, limit) {
      const wheres = [
        ...(sessionId === undefined ? [] : ['session_id = ?']),
        ...(decision === undefined ? [] : ['decision = ?']),
        'id < ?',
      ];
      const values = [sessionId, decision, cursor, limit].filter((value) => value !== undefined);
      const sql = `SELECT ${columns} FROM policy_decisions WHERE ${wheres.join(' AND ')} ORDER BY id DESC LIMIT ${boundLimit}`;
      return statements(sql)
        .all(...values)
        .map((row) => present(row) as unknown as PolicyDecisionRecord);
    },
    hasWarned: (sessionId, ruleId) => hasWarned.get(sessionId, ruleId) !== undefined,
  };
}

export function createPolicyDecisionWriter(db: Db): PolicyDecisionWriter {
  const insert = db.prepare(
    `INSERT INTO policy_decisions (id, at, decision, rule_id, message, fix, actor, project_id, session_id, step_run_id)
     VALUES (@id, @at, @decision, @ruleId, @message, @fix, @actor, @projectId, @sessionId, @stepRunId)`,
  );
  const prune = db.prepare(
    'DELETE FROM policy_decisions WHERE id <= (SELECT id FROM policy_decisions ORDER BY id DESC LIMIT 1 OFFSET @keepRows)',
  );
  return {
    ...createPolicyDecisionReader(db),
    insert(decision, keepRows) {
      insert.run({ fix: null, projectId: null, sessionId: null, stepRunId: null, ...decision });
      prune.run({ keepRows });
    },
  };
}
