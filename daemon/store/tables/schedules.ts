import type { Schedule } from '../../../schemas/schedule.ts';
import type { Db } from '../database.ts';
import { boundLimit, present } from './rows.ts';

export interface ScheduleRecord extends Omit<Schedule, 'nextAt' | 'lastAt' | 'createdAt'> {
  readonly lastAt?: number;
  readonly createdAt: number;
}

export interface ScheduleChange {
  readonly lastAt?: number;
  readonly lastSessionId?: string;
  readonly missed?: number;
}

type Row = { [K in keyof Required<ScheduleRecord>]: K extends 'arguments' ? string : ScheduleRecord[K] | null };

export interface ScheduleReader {
  get(id: string): ScheduleRecord | undefined;
  /** Newest first, before the id `cursor`. */
  list(projectId: string | undefined, cursor: string, limit: number): ScheduleRecord[];
  /** The one that the file of a command names. */
  ofFile(projectId: string, commandName: string): ScheduleRecord | undefined;
  count(): number;
}

export interface ScheduleWriter extends ScheduleReader {
  insert(schedule: ScheduleRecord): void;
  change(id: string, change: ScheduleChange): void;
  remove(id: string): void;
}

const fields: Readonly<Record<keyof Required<ScheduleRecord>, string>> = {
  id: 'id',
  projectId: 'project_id',
  commandName: 'command_name',
  cron: 'cron',
  timezone: 'timezone',
  arguments: 'arguments',
  overlap: 'overlap',
  source: 'source',
  lastAt: 'last_at',
  lastSessionId: 'last_session_id',
  missed: 'missed',
  createdAt: 'created_at',
};
const names = Object.keys(fields) as (keyof ScheduleRecord)[];
const columns = names.map((name) => `${fields[name]} AS ${name}`).join(', ');

export function createScheduleReader(db: Db): ScheduleReader {
  const select = (where: string) => db.prepare<unknown[], Row>(`SELECT ${columns} FROM schedules WHERE ${where}`);
  const get = select('id = ?');
  const list = select(`id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const listOf = select(`project_id = ? AND id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const ofFile = select("project_id = ? AND command_name = ? AND source = 'file' ORDER BY id LIMIT 1");
  const count = db.prepare<[], number>('SELECT count(*) FROM schedules').pluck();
  const one = (row: Row | undefined): ScheduleRecord | undefined => row && toRecord(row);
  return {
    get: (id) => one(get.get(id)),
    list: (projectId, cursor, limit) =>
      (projectId === undefined ? list.all(cursor, limit) : listOf.all(projectId, cursor, limit)).map(toRecord),
    ofFile: (projectId, commandName) => one(ofFile.get(projectId, commandName)),
    count: () => count.get() as number,
  };
}

export function createScheduleWriter(db: Db): ScheduleWriter {
  const insert = db.prepare(
    `INSERT INTO schedules (${names.map((name) => fields[name]).join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
  );
  const change = db.prepare(
    `UPDATE schedules SET last_at = coalesce(@lastAt, last_at), last_session_id = coalesce(@lastSessionId, last_session_id),
     missed = coalesce(@missed, missed) WHERE id = @id`,
  );
  const remove = db.prepare('DELETE FROM schedules WHERE id = ?');
  return {
    ...createScheduleReader(db),
    insert: (schedule) =>
      void insert.run({
        ...Object.fromEntries(names.map((name) => [name, schedule[name] ?? null])),
        arguments: JSON.stringify(schedule.arguments),
      }),
    change: (id, { lastAt = null, lastSessionId = null, missed = null }) => void change.run({ id, lastAt, lastSessionId, missed }),
    remove: (id) => void remove.run(id),
  };
}

function toRecord(row: Row): ScheduleRecord {
  return { ...present(row), arguments: JSON.parse(row.arguments) } as ScheduleRecord;
}
