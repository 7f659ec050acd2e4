import type { LoginStatus } from '../../../schemas/auth.ts';
import type { Db } from '../database.ts';
import { present } from './rows.ts';

export interface AuthFlowRecord {
  readonly id: string;
  readonly provider: string;
  readonly status: LoginStatus;
  readonly reason?: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete?: string;
  readonly intervalSeconds: number;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly endedAt?: number;
}

type Row = { [K in keyof AuthFlowRecord]-?: AuthFlowRecord[K] | null };

export interface AuthFlowReader {
  get(id: string): AuthFlowRecord | undefined;
  /** The newest of a provider. */
  latestOf(provider: string): AuthFlowRecord | undefined;
  pendingOf(provider: string): AuthFlowRecord | undefined;
  allPending(): AuthFlowRecord[];
}

export interface AuthFlowWriter extends AuthFlowReader {
  /** Forgets those of the provider beyond its newest `keepRows`. */
  insert(flow: AuthFlowRecord, keepRows: number): void;
  setInterval(id: string, seconds: number): void;
  end(id: string, status: Exclude<LoginStatus, 'pending'>, reason: string | undefined, at: number): void;
}

const columns = `id, provider, status, reason, user_code AS userCode, verification_uri AS verificationUri,
  verification_uri_complete AS verificationUriComplete, interval_seconds AS intervalSeconds, expires_at AS expiresAt,
  created_at AS createdAt, ended_at AS endedAt`;

export function createAuthFlowReader(db: Db): AuthFlowReader {
  const select = (where: string) => db.prepare<unknown[], Row>(`SELECT ${columns} FROM auth_flows WHERE ${where}`);
  const get = select('id = ?');
  const latest = select('provider = ? ORDER BY id DESC LIMIT 1');
  const pending = select("provider = ? AND status = 'pending'");
  const allPending = select("status = 'pending'");
  const one = (row: Row | undefined): AuthFlowRecord | undefined => row && (present(row) as unknown as AuthFlowRecord);
  return {
    get: (id) => one(get.get(id)),
    latestOf: (provider) => one(latest.get(provider)),
    pendingOf: (provider) => one(pending.get(provider)),
    allPending: () => allPending.all().flatMap((row) => one(row) ?? []),
  };
}

export function createAuthFlowWriter(db: Db): AuthFlowWriter {
  const insert = db.prepare(
    `INSERT INTO auth_flows (id, provider, status, user_code, verification_uri, verification_uri_complete, interval_seconds, expires_at, created_at)
     VALUES (@id, @provider, @status, @userCode, @verificationUri, @verificationUriComplete, @intervalSeconds, @expiresAt, @createdAt)`,
  );
  const prune = db.prepare(
    `DELETE FROM auth_flows WHERE provider = @provider
       AND id <= (SELECT id FROM auth_flows WHERE provider = @provider ORDER BY id DESC LIMIT 1 OFFSET @keepRows)`,
  );
  const setInterval = db.prepare('UPDATE auth_flows SET interval_seconds = ? WHERE id = ?');
  const end = db.prepare('UPDATE auth_flows SET status = ?, reason = ?, ended_at = ? WHERE id = ?');
  return {
    ...createAuthFlowReader(db),
    insert(flow, keepRows) {
      insert.run({ verificationUriComplete: null, ...flow });
      prune.run({ provider: flow.provider, keepRows });
    },
    setInterval: (id, seconds) => void setInterval.run(seconds, id),
    end: (id, status, reason, at) => void end.run(status, reason ?? null, at, id),
  };
}
