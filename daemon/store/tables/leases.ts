import type { Lease } from '../../../schemas/lease.ts';
import type { Db } from '../database.ts';
import { boundLimit, present } from './rows.ts';

export interface LeaseRecord extends Omit<Lease, 'createdAt'> {
  readonly createdAt: number;
}

export interface LeaseReader {
  get(id: string): LeaseRecord | undefined;
  ofSession(sessionId: string): LeaseRecord[];
  ofWorktree(worktreeId: string): LeaseRecord[];
  /** Of a pool; ports are one pool, whatever they were asked for in. */
  valuesOf(kind: LeaseRecord['kind'], pool: string): Set<string>;
  list(cursor: string, limit: number): LeaseRecord[];
}

export interface LeaseWriter extends LeaseReader {
  insert(lease: LeaseRecord): void;
  remove(id: string): void;
  /** Takes all leases of an owner away and answers what they were. */
  releaseOfSession(sessionId: string): LeaseRecord[];
  releaseOfWorktree(worktreeId: string): LeaseRecord[];
}

interface Row extends Omit<LeaseRecord, 'sessionId' | 'worktreeId'> {
  readonly sessionId: string | null;
  readonly worktreeId: string | null;
}

const columns = 'id, kind, key, value, pool, session_id AS sessionId, worktree_id AS worktreeId, created_at AS createdAt';

export function createLeaseReader(db: Db): LeaseReader {
  const select = (where: string) => db.prepare<unknown[], Row>(`SELECT ${columns} FROM leases WHERE ${where}`);
  const get = select('id = ?');
  const ofSession = select('session_id = ? ORDER BY id');
  const ofWorktree = select('worktree_id = ? ORDER BY id');
  const list = select(`id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const inPool = db.prepare<[string, string], string>('SELECT value FROM leases WHERE kind = ? AND pool = ?').pluck();
  const ports = db.prepare<[], string>("SELECT value FROM leases WHERE kind = 'port'").pluck();
  return {
    get(id) {
      const row = get.get(id);
      return row && toRecord(row);
    },
    ofSession: (sessionId) => ofSession.all(sessionId).map(toRecord),
    ofWorktree: (worktreeId) => ofWorktree.all(worktreeId).map(toRecord),
    valuesOf: (kind, pool) => new Set(kind === 'port' ? ports.all() : inPool.all(kind, pool)),
    list: (cursor, limit) => list.all(cursor, limit).map(toRecord),
  };
}

export function createLeaseWriter(db: Db): LeaseWriter {
  const insert = db.prepare(
    `INSERT INTO leases (id, kind, key, value, pool, session_id, worktree_id, created_at)
     VALUES (@id, @kind, @key, @value, @pool, @sessionId, @worktreeId, @createdAt)`,
  );
  const remove = db.prepare('DELETE FROM leases WHERE id = ?');
  const reader = createLeaseReader(db);
  const release = (leases: LeaseRecord[]): LeaseRecord[] => {
    for (const { id } of leases) remove.run(id);
    return leases;
  };
  return {
    ...reader,
    insert: (lease) => void insert.run({ ...lease, sessionId: lease.sessionId ?? null, worktreeId: lease.worktreeId ?? null }),
    remove: (id) => void remove.run(id),
    releaseOfSession: (sessionId) => release(reader.ofSession(sessionId)),
    releaseOfWorktree: (worktreeId) => release(reader.ofWorktree(worktreeId)),
  };
}

function toRecord(row: Row): LeaseRecord {
  return present(row) as LeaseRecord;
}
