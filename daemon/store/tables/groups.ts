import type { Group, GroupMember } from '../../../schemas/group.ts';
import type { Db } from '../database.ts';
import { createStatements } from '../statements.ts';
import { boundLimit, present } from './rows.ts';

type Derived = 'outcome' | 'succeeded' | 'members';
type Times = 'deadlineAt' | 'cancelRequestedAt' | 'createdAt' | 'endedAt';

export interface GroupRecord extends Omit<Group, Derived | Times> {
  readonly deadlineAt?: number;
  readonly cancelRequestedAt?: number;
  readonly createdAt: number;
  readonly endedAt?: number;
}

/** One attempt of a member, with the status that its session has by now. */
export interface MemberRecord extends Omit<GroupMember, 'queuePosition' | 'queueReason' | 'earlierAttempts'> {
  readonly groupId: string;
}

/** null clears. */
export type GroupChange = Partial<Pick<GroupRecord, 'status'>> & {
  readonly [K in 'reason' | 'deadlineAt' | 'cancelRequestedAt' | 'endedAt']?: GroupRecord[K] | null;
};

export interface GroupFilter {
  readonly projectId?: string;
  readonly statuses?: readonly string[];
}

type Row = { [K in keyof Required<GroupRecord>]: K extends 'failFast' ? number : GroupRecord[K] | null };
type MemberRow = { [K in keyof Required<MemberRecord>]: MemberRecord[K] | null };

export interface GroupReader {
  get(id: string): GroupRecord | undefined;
  /** Newest first, before the id `cursor`. */
  list(filter: GroupFilter, cursor: string, limit: number): GroupRecord[];
  running(): GroupRecord[];
  /** All attempts of all members, in order. */
  members(id: string): MemberRecord[];
  memberOf(sessionId: string): MemberRecord | undefined;
}

export interface GroupWriter extends GroupReader {
  insert(group: GroupRecord): void;
  change(id: string, change: GroupChange): void;
  addMember(member: Omit<MemberRecord, 'status' | 'reason'>): void;
  /** Keeps how the session of a member ended. */
  endMember(sessionId: string, end: Pick<MemberRecord, 'status' | 'reason'>): void;
  /** Forgets a group that has ended and has no session left. */
  removeIfBare(id: string): void;
}

const fields: Readonly<Record<keyof Required<GroupRecord>, string>> = {
  id: 'id',
  projectId: 'project_id',
  gate: 'gate',
  kind: 'kind',
  required: 'required',
  failFast: 'fail_fast',
  timeoutMs: 'timeout_ms',
  deadlineAt: 'deadline_at',
  status: 'status',
  reason: 'reason',
  cancelRequestedAt: 'cancel_requested_at',
  createdAt: 'created_at',
  endedAt: 'ended_at',
};
const names = Object.keys(fields) as (keyof GroupRecord)[];
const columns = names.map((name) => `${fields[name]} AS ${name}`).join(', ');
const memberColumns = `m.group_id AS groupId, m.member, m.attempt, m.session_id AS sessionId, m.slug, m.command_name AS commandName, m.agent,
  coalesce(m.status, s.status) AS status, m.reason`;
const memberRows = `SELECT ${memberColumns} FROM group_members m LEFT JOIN sessions s ON s.id = m.session_id`;

export function createGroupReader(db: Db): GroupReader {
  const get = db.prepare<[string], Row>(`SELECT ${columns} FROM session_groups WHERE id = ?`);
  const running = db.prepare<[], Row>(`SELECT ${columns} FROM session_groups WHERE status = 'running' ORDER BY id`);
  const members = db.prepare<[string], MemberRow>(`${memberRows} WHERE m.group_id = ? ORDER BY m.member, m.attempt`);
  const memberOf = db.prepare<[string], MemberRow>(`${memberRows} WHERE m.session_id = ?`);
  const lists = createStatements<Row>(db);
  return {
    get(id) {
      const row = get.get(id);
      return row && toRecord(row);
    },
    list({ projectId, statuses }, cursor, limit) {
      const where = [
        'id < ?',
        ...(projectId === undefined ? [] : ['project_id = ?']),
        ...(statuses === undefined ? [] : [`status IN (${statuses.map(() => '?').join(', ')})`]),
      ].join(' AND ');
      return lists(`SELECT ${columns} FROM session_groups WHERE ${where} ORDER BY id DESC LIMIT ${boundLimit}`)
        .all(cursor, ...(projectId === undefined ? [] : [projectId]), ...(statuses ?? []), limit)
        .map(toRecord);
    },
    running: () => running.all().map(toRecord),
    members: (id) => members.all(id).map(toMember),
    memberOf(sessionId) {
      const row = memberOf.get(sessionId);
      return row && toMember(row);
    },
  };
}

export function createGroupWriter(db: Db): GroupWriter {
  const insert = db.prepare(
    `INSERT INTO session_groups (${names.map((name) => fields[name]).join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
  );
  const addMember = db.prepare(
    `INSERT INTO group_members (group_id, member, attempt, session_id, slug, command_name, agent)
     VALUES (@groupId, @member, @attempt, @sessionId, @slug, @commandName, @agent)`,
  );
  const endMember = db.prepare('UPDATE group_members SET status = @status, reason = @reason WHERE session_id = @sessionId');
  const removeIfBare = db.prepare(
    `DELETE FROM session_groups WHERE id = ? AND status <> 'running'
     AND NOT EXISTS (SELECT 1 FROM group_members m JOIN sessions s ON s.id = m.session_id WHERE m.group_id = session_groups.id)`,
  );
  const changes = createStatements(db);
  return {
    ...createGroupReader(db),
    insert: (group) =>
      void insert.run({ ...Object.fromEntries(names.map((name) => [name, group[name] ?? null])), failFast: group.failFast ? 1 : 0 }),
    change(id, change) {
      const changed = (Object.keys(change) as (keyof GroupChange)[]).filter((name) => change[name] !== undefined);
      if (changed.length === 0) return;
      const set = changed.map((name) => `${fields[name]} = @${name}`).join(', ');
      changes(`UPDATE session_groups SET ${set} WHERE id = @id`).run({ ...change, id });
    },
    addMember: (member) => void addMember.run({ agent: null, ...member }),
    endMember: (sessionId, { status, reason }) => void endMember.run({ sessionId, status, reason: reason ?? null }),
    removeIfBare: (id) => void removeIfBare.run(id),
  };
}

function toRecord(row: Row): GroupRecord {
  return { ...present(row), failFast: row.failFast === 1 } as GroupRecord;
}

function toMember(row: MemberRow): MemberRecord {
  return present(row) as MemberRecord;
}
