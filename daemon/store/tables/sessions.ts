import type { Session } from '../../../schemas/session.ts';
import type { Db } from '../database.ts';
import { createStatements } from '../statements.ts';
import { createDefinitions } from './definitions.ts';
import { boundLimit, present } from './rows.ts';

type Times = 'createdAt' | 'startedAt' | 'endedAt' | 'cancelRequestedAt';
type Joined = 'worktreePath' | 'terminalName' | 'queuePosition' | 'queueReason';

/** A session as the store keeps it: times in milliseconds, and what only the runner needs. */
export interface SessionRecord extends Omit<Session, Times | Joined> {
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly cancelRequestedAt?: number;
  readonly cancelReason?: string;
  /** JSON of the command definition the session began with. */
  readonly definition: string;
  readonly definitionSha256: string;
  /** Budget of the whole session; absent: none. */
  readonly budgetMs?: number;
  /** When the budget ends; set when the session starts running. */
  readonly deadlineAt?: number;
  /** How many of its group may run at once. */
  readonly concurrencyLimit?: number;
  /** JSON of how it will end, once that is certain and cleanup is what remains. */
  readonly verdict?: string;
}

/** What a transition may change. null clears. */
export interface SessionChange {
  readonly status?: SessionRecord['status'];
  readonly reason?: string | null;
  readonly error?: string | null;
  readonly worktreeId?: string;
  readonly branch?: string;
  readonly terminalId?: string | null;
  readonly deadlineAt?: number;
  readonly verdict?: string;
  readonly cancelRequestedAt?: number;
  readonly cancelReason?: string;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

export interface SessionFilter {
  readonly projectId?: string;
  readonly statuses?: readonly string[];
  readonly commandName?: string;
}

export interface QueueRow {
  readonly id: string;
  readonly status: SessionRecord['status'];
  readonly concurrencyGroup?: string;
  readonly concurrencyLimit?: number;
  readonly specTaskId?: string;
}

type Row = { [K in keyof Required<SessionRecord>]: K extends 'arguments' ? string : SessionRecord[K] | null };

export interface SessionReader {
  get(id: string): SessionRecord | undefined;
  bySlug(slug: string): SessionRecord | undefined;
  /** Newest first, before the id `cursor`. */
  list(filter: SessionFilter, cursor: string, limit: number): SessionRecord[];
  /** Not ended, oldest first. */
  active(): SessionRecord[];
  activeInWorktree(worktreeId: string): SessionRecord[];
  /** What decides who leaves the queue, of all that have not ended, oldest first. */
  queue(): QueueRow[];
  activeOfSchedule(scheduleId: string): { readonly id: string; readonly status: SessionRecord['status'] }[];
  /** When the newest agent host of an instance was begun, ended or not. */
  hostBegunAt(commandName: string, instanceId: string): number | undefined;
  /** The spec task that this session plans, if it does. */
  plannedIn(id: string): string | undefined;
  countByStatus(): Record<string, number>;
  similarSlugs(prefix: string): string[];
  sharedData(id: string): Record<string, unknown>;
}

export interface SessionWriter extends SessionReader {
  insert(session: SessionRecord): void;
  change(id: string, change: SessionChange): void;
  setData(id: string, key: string, value: unknown, at: number): void;
  remove(id: string): void;
}

type Defined = 'definition' | 'definitionSha256';

const fields: Readonly<Record<Exclude<keyof Required<SessionRecord>, Defined>, string>> = {
  id: 'id',
  slug: 'slug',
  commandName: 'command_name',
  kind: 'kind',
  projectId: 'project_id',
  projectPath: 'project_path',
  worktreeId: 'worktree_id',
  terminalId: 'terminal_id',
  branch: 'branch',
  artifactDir: 'artifact_dir',
  status: 'status',
  reason: 'reason',
  error: 'error',
  role: 'role',
  groupId: 'group_id',
  specTaskId: 'spec_task_id',
  workSessionId: 'work_session_id',
  implTaskId: 'impl_task_id',
  instanceId: 'instance_id',
  threadId: 'thread_id',
  arguments: 'arguments',
  budgetMs: 'budget_ms',
  deadlineAt: 'deadline_at',
  concurrencyGroup: 'concurrency_group',
  concurrencyLimit: 'concurrency_limit',
  scheduleId: 'schedule_id',
  verdict: 'verdict',
  cancelRequestedAt: 'cancel_requested_at',
  cancelReason: 'cancel_reason',
  createdAt: 'created_at',
  startedAt: 'started_at',
  endedAt: 'ended_at',
};
const names = Object.keys(fields) as (keyof typeof fields)[];
const ofDefinition = (column: string, name: Defined): string =>
  `(SELECT ${column} FROM definitions WHERE definitions.id = sessions.definition_id) AS ${name}`;
const columns = [
  ...names.map((name) => `${fields[name]} AS ${name}`),
  ofDefinition('body', 'definition'),
  ofDefinition('file_sha256', 'definitionSha256'),
].join(', ');
const active = ['queued', 'preparing', 'running', 'waiting'];
/** Of a session that has not ended. */
export const activeStatuses = `status IN (${active.map((status) => `'${status}'`).join(', ')})`;
/**
 * Few sessions are active and many have ended. The statistics only know how many there are a status in the mean, for which the planner would
 * read all of them in the order of their ids.
 */
const byStatus = 'sessions INDEXED BY sessions_by_status';

export function createSessionReader(db: Db): SessionReader {
  const select = (where: string, from = 'sessions') => db.prepare<unknown[], Row>(`SELECT ${columns} FROM ${from} WHERE ${where}`);
  const get = select('id = ?');
  const bySlug = select('slug = ?');
  const allActive = select(`${activeStatuses} ORDER BY id`, byStatus);
  const inWorktree = select(`worktree_id = ? AND ${activeStatuses}`);
  const queue = db.prepare<[], { [K in keyof QueueRow]: QueueRow[K] | null }>(
    `SELECT id, status, concurrency_group AS concurrencyGroup, concurrency_limit AS concurrencyLimit, spec_task_id AS specTaskId
     FROM ${byStatus}
     WHERE ${activeStatuses} ORDER BY id`,
  );
  const ofSchedule = db.prepare<[string], { id: string; status: SessionRecord['status'] }>(
    `SELECT id, status FROM ${byStatus} WHERE schedule_id = ? AND ${activeStatuses} ORDER BY id`,
  );
  const hostBegun = db
    .prepare<[string, string], number>(
      'SELECT created_at FROM sessions WHERE command_name = ? AND instance_id = ? ORDER BY id DESC LIMIT 1',
    )
    .pluck();
  const planned = db.prepare<[string], string | null>("SELECT spec_task_id FROM sessions WHERE id = ? AND role = 'planning'").pluck();
  const counts = db.prepare<[], { status: string; n: number }>('SELECT status, count(*) AS n FROM sessions GROUP BY status');
  const similar = db
    .prepare<[string, string], string>('SELECT slug FROM sessions WHERE slug >= ? AND slug < ? ORDER BY slug LIMIT 5')
    .pluck();
  const data = db.prepare<[string], { key: string; value: string }>('SELECT key, value FROM shared_data WHERE session_id = ? ORDER BY key');
  const lists = createStatements<Row>(db);
  const one = (row: Row | undefined): SessionRecord | undefined => row && toRecord(row);
  return {
    get: (id) => one(get.get(id)),
    bySlug: (slug) => one(bySlug.get(slug)),
    list({ projectId, statuses, commandName }, cursor, limit) {
      const where = [
        'id < ?',
        ...(projectId ? ['project_id = ?'] : []),
        ...(commandName ? ['command_name = ?'] : []),
        ...(statuses ? [`status IN (${statuses.map(() => '?').join(', ')})`] : []),
      ].join(' AND ');
      const values = [cursor, ...(projectId ? [projectId] : []), ...(commandName ? [commandName] : []), ...(statuses ?? []), limit];
      const onlyActive = statuses !== undefined && statuses.length > 0 && statuses.every((status) => active.includes(status));
      const from = onlyActive ? byStatus : 'sessions';
      return lists(`SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY id DESC LIMIT ${boundLimit}`)
        .all(...values)
        .map(toRecord);
    },
    active: () => allActive.all().map(toRecord),
    activeInWorktree: (worktreeId) => inWorktree.all(worktreeId).map(toRecord),
    queue: () => queue.all().map((row) => present(row) as QueueRow),
    activeOfSchedule: (scheduleId) => ofSchedule.all(scheduleId),
    hostBegunAt: (commandName, instanceId) => hostBegun.get(commandName, instanceId),
    plannedIn: (id) => planned.get(id) ?? undefined,
    countByStatus: () => Object.fromEntries(counts.all().map(({ status, n }) => [status, n])),
    similarSlugs: (prefix) => similar.all(prefix, `${prefix}~`) as string[],
    sharedData: (id) => Object.fromEntries(data.all(id).map(({ key, value }) => [key, JSON.parse(value)])),
  };
}

export function createSessionWriter(db: Db): SessionWriter {
  const definitions = createDefinitions(db);
  const insert = db.prepare(
    `INSERT INTO sessions (${names.map((name) => fields[name]).join(', ')}, definition_id)
     VALUES (${names.map((name) => `@${name}`).join(', ')}, @definitionId)`,
  );
  const setData = db.prepare(
    `INSERT INTO shared_data (session_id, key, value, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (session_id, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
  );
  const remove = db.prepare<[string], number>('DELETE FROM sessions WHERE id = ? RETURNING definition_id').pluck();
  const changes = createStatements(db);
  return {
    ...createSessionReader(db),
    insert: (session) =>
      void insert.run({
        ...Object.fromEntries(names.map((name) => [name, session[name] ?? null])),
        arguments: JSON.stringify(session.arguments),
        definitionId: definitions.idOf(session.definitionSha256, session.definition),
      }),
    change(id, change) {
      const changed = (Object.keys(change) as (keyof SessionChange)[]).filter((name) => change[name] !== undefined);
      if (changed.length === 0) return;
      const set = changed.map((name) => `${fields[name]} = @${name}`).join(', ');
      changes(`UPDATE sessions SET ${set} WHERE id = @id`).run({ ...change, id });
    },
    setData: (id, key, value, at) => void setData.run(id, key, JSON.stringify(value), at),
    remove(id) {
      const definitionId = remove.get(id);
      if (definitionId !== undefined) definitions.removeUnused(definitionId);
    },
  };
}

function toRecord(row: Row): SessionRecord {
  return { ...present(row), arguments: JSON.parse(row.arguments) } as SessionRecord;
}
