import type { StepAttempt } from '../../../schemas/step.ts';
import type { Db } from '../database.ts';
import { present } from './rows.ts';

/** What came of an attempt that another one followed. */
export interface AttemptRecord extends Omit<StepAttempt, 'startedAt' | 'endedAt'> {
  readonly stepRunId: string;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

type Row = { [K in keyof Required<AttemptRecord>]: AttemptRecord[K] | null };

export interface AttemptReader {
  /** Of all steps of a session, oldest first for each. */
  ofSession(sessionId: string): AttemptRecord[];
}

export interface AttemptWriter extends AttemptReader {
  insert(attempt: AttemptRecord): void;
}

const fields: Readonly<Record<keyof Required<AttemptRecord>, string>> = {
  stepRunId: 'step_run_id',
  attempt: 'attempt',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  exitCode: 'exit_code',
  signal: 'signal',
  reason: 'reason',
  error: 'error',
  outputOffset: 'output_offset',
  outputSize: 'output_size',
};
const names = Object.keys(fields) as (keyof AttemptRecord)[];

export function createAttemptReader(db: Db): AttemptReader {
  const columns = names.map((name) => `a.${fields[name]} AS ${name}`).join(', ');
  const ofSession = db.prepare<[string], Row>(
    `SELECT ${columns} FROM step_runs s JOIN step_attempts a ON a.step_run_id = s.id WHERE s.session_id = ? ORDER BY a.step_run_id, a.attempt`,
  );
  return { ofSession: (sessionId) => ofSession.all(sessionId).map((row) => present(row) as AttemptRecord) };
}

export function createAttemptWriter(db: Db): AttemptWriter {
  const insert = db.prepare(
    `INSERT INTO step_attempts (${names.map((name) => fields[name]).join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
  );
  return {
    ...createAttemptReader(db),
    insert: (attempt) => void insert.run(Object.fromEntries(names.map((name) => [name, attempt[name] ?? null]))),
  };
}
