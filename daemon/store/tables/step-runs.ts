import type { StepRun } from '../../../schemas/step.ts';
import type { Db } from '../database.ts';
import { createStatements } from '../statements.ts';
import { present } from './rows.ts';
import { activeStatuses } from './sessions.ts';

/** A step run as the store keeps it. `position` orders all rows of a session, lifecycle ones included. */
export interface StepRecord extends Omit<StepRun, 'startedAt' | 'endedAt' | 'retryAt' | 'earlierAttempts'> {
  readonly position: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly deadlineAt?: number;
  readonly paneId?: string;
  /** While it backs off: when its next attempt begins. */
  readonly retryAt?: number;
}

/** What it takes to look whether a step lives. */
export type RunningStep = Pick<StepRecord, 'id' | 'sessionId' | 'paneId'>;

type Settable = 'status' | 'attempt' | 'outputPath' | 'outputOffset' | 'outputSize';
type Clearable = 'startedAt' | 'endedAt' | 'deadlineAt' | 'exitCode' | 'signal' | 'reason' | 'error' | 'paneId' | 'retryAt';

/** What a transition may change. null clears. */
export type StepChange = Partial<Pick<StepRecord, Settable>> & { readonly [K in Clearable]?: StepRecord[K] | null };

type Row = { [K in keyof Required<StepRecord>]: StepRecord[K] | null };

export interface StepReader {
  get(id: string): StepRecord | undefined;
  ofSession(sessionId: string): StepRecord[];
  /** The newest of a session whose output goes into this file. */
  writingTo(sessionId: string, outputPath: string): Pick<StepRecord, 'id' | 'index' | 'outputOffset'> | undefined;
  /** Of all sessions that have not ended, those that run now and are not the daemon's own. */
  runningOutside(): RunningStep[];
}

export interface StepWriter extends StepReader {
  insert(step: StepRecord): void;
  change(id: string, change: StepChange): void;
  /** Skips the rows of a session that are still pending and stand at these positions. */
  skipPending(sessionId: string, positions: { from: number; below: number }, reason: string): void;
}

const fields: Readonly<Record<keyof Required<StepRecord>, string>> = {
  id: 'id',
  sessionId: 'session_id',
  position: 'position',
  index: 'step_index',
  phase: 'phase',
  attempt: 'attempt',
  name: 'name',
  type: 'type',
  runIn: 'run_in',
  status: 'status',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  deadlineAt: 'deadline_at',
  exitCode: 'exit_code',
  signal: 'signal',
  reason: 'reason',
  error: 'error',
  outputPath: 'output_path',
  outputOffset: 'output_offset',
  outputSize: 'output_size',
  paneId: 'pane_id',
  retryAt: 'retry_at',
};
const names = Object.keys(fields) as (keyof StepRecord)[];
const columns = names.map((name) => `${fields[name]} AS "${name}"`).join(', ');

export function createStepReader(db: Db): StepReader {
  const get = db.prepare<[string], Row>(`SELECT ${columns} FROM step_runs WHERE id = ?`);
  const ofSession = db.prepare<[string], Row>(`SELECT ${columns} FROM step_runs WHERE session_id = ? ORDER BY position`);
  const writingTo = db.prepare<[string, string], Pick<StepRecord, 'id' | 'index' | 'outputOffset'>>(
    `SELECT id, step_index AS "index", output_offset AS outputOffset FROM step_runs WHERE session_id = ? AND output_path = ?
     ORDER BY position DESC LIMIT 1`,
  );
  const runningOutside = db.prepare<[], RunningStep & { paneId: string | null }>(
    `SELECT id, session_id AS sessionId, pane_id AS paneId FROM step_runs WHERE status = 'running' AND run_in <> 'daemon'
       AND session_id IN (SELECT id FROM sessions WHERE ${activeStatuses})`,
  );
  return {
    writingTo: (sessionId, outputPath) => writingTo.get(sessionId, outputPath),
    get(id) {
      const row = get.get(id);
      return row && toRecord(row);
    },
    ofSession: (sessionId) => ofSession.all(sessionId).map(toRecord),
    runningOutside: () => runningOutside.all().map(present),
  };
}

export function createStepWriter(db: Db): StepWriter {
  const insert = db.prepare(
    `INSERT INTO step_runs (${names.map((name) => fields[name]).join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
  );
  const skip = db.prepare(
    `UPDATE step_runs SET status = 'skipped', reason = ? WHERE session_id = ? AND status = 'pending'
     AND position >= ? AND position < ?`,
  );
  const changes = createStatements(db);
  return {
    ...createStepReader(db),
    insert: (step) => void insert.run(Object.fromEntries(names.map((name) => [name, step[name] ?? null]))),
    change(id, change) {
      const changed = (Object.keys(change) as (keyof StepChange)[]).filter((name) => change[name] !== undefined);
      if (changed.length === 0) return;
      const set = changed.map((name) => `${fields[name]} = @${name}`).join(', ');
      changes(`UPDATE step_runs SET ${set} WHERE id = @id`).run({ ...change, id });
    },
    skipPending: (sessionId, { from, below }, reason) => void skip.run(reason, sessionId, from, below),
  };
}

function toRecord(row: Row): StepRecord {
  return present(row) as StepRecord;
}
