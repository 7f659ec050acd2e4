// Tokens: made once, shown once, kept as hashes. The owner's token is a file; a session's is in the environment of its steps.
import { createHash } from 'node:crypto';
import { safeEqual } from '../../rpc/safe-equal.ts';
import type { Token } from '../../schemas/auth.ts';
import type { Scope } from '../../schemas/define.ts';
import { Failure } from '../../schemas/errors.ts';
import { type Clock, isoTime } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Store, Writer } from '../store/store.ts';
import { afterAllIds, pageOf } from '../store/tables/rows.ts';
import type { TokenRecord } from '../store/tables/tokens.ts';
import { accessOf, type Caller, owner } from './caller.ts';

export interface AuthService {
  /** The caller that a token stands for; undefined for a wrong, expired or revoked one. */
  callerOf(secret: string): Caller | undefined;
  /** Remembers that a token was used just now. */
  noteUse(caller: Caller): Promise<void>;
  create(
    spec: { name: string; scopes: readonly Scope[]; expiresAt?: string | undefined },
    actor: string,
  ): Promise<Token & { token: string }>;
  list(cursor: string | undefined, limit: number): { tokens: Token[]; nextCursor?: string };
  revoke(ref: string, actor: string): Promise<TokenRecord>;
  /** A token of scope `session` for the processes of one session, ended with it. */
  issueForSession(writer: Writer, sessionId: string, secret: string): void;
  newSecret(): string;
}

export interface AuthDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Reads the owner's token as it is now, so that a rotated one counts at once. */
  readonly ownerToken: () => string;
}

const secretLength = 40;

export function createAuthService({ store, clock, ids, ownerToken }: AuthDeps): AuthService {
  const isLive = (token: TokenRecord): boolean =>
    token.revokedAt === undefined && (token.expiresAt === undefined || token.expiresAt > clock.now());
  return {
    newSecret: () => ids.random(secretLength),
    callerOf(secret) {
      if (safeEqual(secret, ownerToken())) return owner;
      const token = store.read((r) => r.tokens.byHash(hashOf(secret)));
      if (!token || !isLive(token)) return undefined;
      const actor = token.sessionId ? `session:${token.sessionId}` : `token:${token.name}`;
      return {
        actor,
        scopes: token.scopes,
        access: accessOf(token.scopes),
        tokenId: token.id,
        ...(token.expiresAt === undefined ? {} : { expiresAt: token.expiresAt }),
        ...(token.sessionId === undefined ? {} : { sessionId: token.sessionId }),
      };
    },
    async noteUse({ tokenId }) {
      if (tokenId !== undefined) await store.write((w) => w.tokens.touch(tokenId, clock.now()));
    },
    async create({ name, scopes, expiresAt }, actor) {
      const secret = ids.random(secretLength);
      const expires = expiresAt === undefined ? undefined : Date.parse(expiresAt);
      if (expires !== undefined && !(expires > clock.now())) {
        throw new Failure('INVALID_PARAMS', `expiresAt "${expiresAt}" is not a time to come; give one like 2030-01-31T00:00:00Z.`);
      }
      const token: TokenRecord = {
        id: ids.next('tok'),
        name,
        hash: hashOf(secret),
        scopes: [...new Set(scopes)],
        createdAt: clock.now(),
        ...(expires === undefined ? {} : { expiresAt: expires }),
      };
      await store.write((w) => {
        if (w.tokens.liveByName(name)) {
          throw new Failure('ALREADY_EXISTS', `A token named "${name}" exists already; revoke it first, or take another name.`);
        }
        w.tokens.insert(token);
        w.events.append({ type: 'auth.tokenCreated', subject: {}, actor, data: { tokenId: token.id, name, scopes: [...token.scopes] } });
      });
      return { ...viewOf(token), token: secret };
    },
    list(cursor, limit) {
      const { rows, nextCursor } = pageOf(
        store.read((r) => r.tokens.list(cursor ?? afterAllIds, limit + 1)),
        limit,
      );
      return { tokens: rows.map(viewOf), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    revoke: (ref, actor) =>
      store.write((w) => {
        const token = w.tokens.get(ref) ?? w.tokens.liveByName(ref);
        if (!token)
          throw new Failure('NOT_FOUND', `There is no token "${ref}"; "coppice token list" shows them.`, {
            details: { entity: 'token', id: ref },
          });
        if (token.revokedAt === undefined) {
          w.tokens.revoke(token.id, clock.now());
          w.events.append({ type: 'auth.tokenRevoked', subject: {}, actor, data: { tokenId: token.id, name: token.name } });
        }
        return token;
      }),
    issueForSession(w, sessionId, secret) {
      const scopes: Scope[] = ['session'];
      w.tokens.insert({
        id: ids.next('tok'),
        name: `session ${sessionId}`,
        hash: hashOf(secret),
        scopes,
        sessionId,
        createdAt: clock.now(),
      });
    },
  };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function viewOf(token: TokenRecord): Token {
  const time = (name: 'expiresAt' | 'revokedAt' | 'lastUsedAt') => (token[name] === undefined ? {} : { [name]: isoTime(token[name]) });
  return {
    id: token.id,
    name: token.name,
    scopes: [...token.scopes],
    createdAt: isoTime(token.createdAt),
    ...time('expiresAt'),
    ...time('revokedAt'),
    ...time('lastUsedAt'),
  };
}
