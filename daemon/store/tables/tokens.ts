import type { Scope } from '../../../schemas/define.ts';
import type { Db } from '../database.ts';
import { boundLimit, present } from './rows.ts';

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, in hex: the secret itself is kept nowhere. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
  readonly sessionId?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  readonly lastUsedAt?: number;
}

interface Row {
  id: string;
  name: string;
  hash: string;
  scopes: string;
  sessionId: string | null;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  lastUsedAt: number | null;
}

export interface TokenReader {
  get(id: string): TokenRecord | undefined;
  byHash(hash: string): TokenRecord | undefined;
  liveByName(name: string): TokenRecord | undefined;
  /** Made by people, not by the daemon for a session. */
  list(cursor: string, limit: number): TokenRecord[];
}

export interface TokenWriter extends TokenReader {
  insert(token: TokenRecord): void;
  revoke(id: string, at: number): void;
  revokeOfSession(sessionId: string, at: number): void;
  touch(id: string, at: number): void;
}

const columns = `id, name, hash, scopes, session_id AS sessionId, created_at AS createdAt, expires_at AS expiresAt, revoked_at AS revokedAt,
  last_used_at AS lastUsedAt`;

export function createTokenReader(db: Db): TokenReader {
  const select = (where: string) => db.prepare<unknown[], Row>(`SELECT ${columns} FROM tokens WHERE ${where}`);
  const get = select('id = ?');
  const byHash = select('hash = ?');
  const liveByName = select('name = ? AND revoked_at IS NULL');
  const list = select(`session_id IS NULL AND id < ? ORDER BY id DESC LIMIT ${boundLimit}`);
  const one = (row: Row | undefined): TokenRecord | undefined => row && toRecord(row);
  return {
    get: (id) => one(get.get(id)),
    byHash: (hash) => one(byHash.get(hash)),
    liveByName: (name) => one(liveByName.get(name)),
    list: (cursor, limit) => list.all(cursor, limit).map(toRecord),
  };
}

export function createTokenWriter(db: Db): TokenWriter {
  const insert = db.prepare(
    `INSERT INTO tokens (id, name, hash, scopes, session_id, created_at, expires_at)
     VALUES (@id, @name, @hash, @scopes, @sessionId, @createdAt, @expiresAt)`,
  );
  const revoke = db.prepare('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  const revokeOfSession = db.prepare('UPDATE tokens SET revoked_at = ? WHERE session_id = ? AND revoked_at IS NULL');
  const touch = db.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?');
  return {
    ...createTokenReader(db),
    insert: (token) =>
      void insert.run({
        ...token,
        scopes: JSON.stringify(token.scopes),
        sessionId: token.sessionId ?? null,
        expiresAt: token.expiresAt ?? null,
      }),
    revoke: (id, at) => void revoke.run(at, id),
    revokeOfSession: (sessionId, at) => void revokeOfSession.run(at, sessionId),
    touch: (id, at) => void touch.run(at, id),
  };
}

function toRecord(row: Row): TokenRecord {
  return { ...present(row), scopes: JSON.parse(row.scopes) } as TokenRecord;
}
