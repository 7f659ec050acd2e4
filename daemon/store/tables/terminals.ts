import type { Db } from '../database.ts';
import { boundLimit, present } from './rows.ts';

export interface TerminalRecord {
  readonly id: string;
  readonly name: string;
  readonly tmuxId: string;
  /** Names the files of the wrapper that runs the shell of its first window. */
  readonly shellRunId: string;
  readonly sessionId?: string;
  readonly worktreeId?: string;
  readonly cwd: string;
  readonly status: 'live' | 'ended' | 'lost';
  readonly reason?: string;
  readonly createdAt: number;
  readonly endedAt?: number;
}

type Row = {
  [K in keyof TerminalRecord]-?: undefined extends TerminalRecord[K] ? Exclude<TerminalRecord[K], undefined> | null : TerminalRecord[K];
};

export interface TerminalReader {
  get(id: string): TerminalRecord | undefined;
  byName(name: string): TerminalRecord | undefined;
  liveOfSession(sessionId: string): TerminalRecord | undefined;
  liveInWorktree(worktreeId: string): TerminalRecord[];
  allLive(): TerminalRecord[];
  liveTmuxIds(): string[];
  list(all: boolean, cursor: string, limit: number): TerminalRecord[];
}

export interface TerminalWriter extends TerminalReader {
  insert(terminal: TerminalRecord): void;
  end(id: string, status: 'ended' | 'lost', reason: string, at: number): void;
}

const columns = `id, name, tmux_id AS tmuxId, shell_run_id AS shellRunId, session_id AS sessionId, worktree_id AS worktreeId, cwd, status, reason,
  created_at AS createdAt, ended_at AS endedAt`;

export function createTerminalReader(db: Db): TerminalReader {
  const select = (where: string) => db.prepare<unknown[], Row>(`SELECT ${columns} FROM terminals WHERE ${where}`);
  const get = select('id = ?');
  const byName = select('name = ?');
  const ofSession = select("session_id = ? AND status = 'live'");
  const inWorktree = select("worktree_id = ? AND status = 'live'");
  const allLive = select("status = 'live' ORDER BY id");
  const liveTmuxIds = db.prepare<unknown[], string>("SELECT tmux_id FROM terminals WHERE status = 'live'").pluck();
  const listLive = select(`status = 'live' AND id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const listAll = select(`id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const one = (row: Row | undefined): TerminalRecord | undefined => row && toRecord(row);
  return {
    get: (id) => one(get.get(id)),
    byName: (name) => one(byName.get(name)),
    liveOfSession: (sessionId) => one(ofSession.get(sessionId)),
    liveInWorktree: (worktreeId) => inWorktree.all(worktreeId).map(toRecord),
    allLive: () => allLive.all().map(toRecord),
    liveTmuxIds: () => liveTmuxIds.all(),
    list: (all, cursor, limit) => (all ? listAll : listLive).all(cursor, limit).map(toRecord),
  };
}

export function createTerminalWriter(db: Db): TerminalWriter {
  const insert = db.prepare(
    `INSERT INTO terminals (id, name, tmux_id, shell_run_id, session_id, worktree_id, cwd, status, created_at)
     VALUES (@id, @name, @tmuxId, @shellRunId, @sessionId, @worktreeId, @cwd, @status, @createdAt)`,
  );
  const end = db.prepare("UPDATE terminals SET status = ?, reason = ?, ended_at = ? WHERE id = ? AND status = 'live'");
  return {
    ...createTerminalReader(db),
    insert: (terminal) => void insert.run({ ...terminal, sessionId: terminal.sessionId ?? null, worktreeId: terminal.worktreeId ?? null }),
    end: (id, status, reason, at) => void end.run(status, reason, at, id),
  };
}

function toRecord(row: Row): TerminalRecord {
  return present(row) as TerminalRecord;
}
