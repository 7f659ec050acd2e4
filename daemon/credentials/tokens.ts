// Access tokens of providers: handed to steps, refreshed before they end, forgotten on request.
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Store } from '../store/store.ts';
import type { OAuthTool, TokenSet } from '../tools/oauth.ts';
import type { Providers } from './providers.ts';
import type { Tokens } from './service.ts';
import type { TokenFiles, TokenRecord } from './token-files.ts';

export interface TokenService extends Tokens {
  /** What is kept of a provider, as long as it comes from there. */
  recordOf(provider: string): TokenRecord | undefined;
  isUsable(record: TokenRecord): boolean;
  keep(provider: string, identity: string, flowId: string, tokens: TokenSet): TokenRecord;
  /** Tells the server and removes the file; answers what came of both. */
  forget(provider: string): Promise<{ readonly loggedOut: boolean; readonly revoked: boolean }>;
  /** Waits for answers that are on their way: a new token that came and was not kept would be lost. */
  idle(): Promise<void>;
}

export interface TokenDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly oauth: OAuthTool;
  readonly providers: Providers;
  readonly files: TokenFiles;
}

export function createTokenService({ store, clock, oauth, providers, files }: TokenDeps): TokenService {
  const refreshing = new Map<string, Promise<string>>();
  const neverAborted = new AbortController().signal;

  const hasEnded = ({ expiresAt }: TokenRecord): boolean => expiresAt !== undefined && expiresAt <= clock.now();
  const endsSoon = ({ expiresAt }: TokenRecord): boolean => expiresAt !== undefined && expiresAt - clock.now() < limits.authRefreshAheadMs;
  const recordOf = (provider: string): TokenRecord | undefined => {
    const identity = providers.identityOf(provider);
    const record = files.read(provider);
    return record?.identity === identity ? record : undefined;
  };
  const recordFrom = (identity: string, flowId: string, tokens: TokenSet, before?: TokenRecord): TokenRecord => {
    const { accessToken, tokenType, lifetimeMs } = tokens;
    // A server that sends no new one leaves the old one in force.
    const { refreshToken = before?.refreshToken, scopes = before?.scopes } = tokens;
    return {
      ...{ identity, flowId, accessToken, tokenType },
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(lifetimeMs === undefined ? {} : { expiresAt: clock.now() + lifetimeMs }),
      ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    };
  };
  const isUsable = (record: TokenRecord): boolean => record.refreshToken !== undefined || !hasEnded(record);

  /** Told once: what is of no use is removed with it. */
  const requireLogin = async (provider: string, reason: string): Promise<Failure> => {
    await store.write((w) => {
      w.events.append({ type: 'auth.loginRequired', subject: {}, actor: byDaemon.actor, data: { provider, reason } });
    });
    files.remove(provider);
    return loginRequired(provider);
  };
  const refresh = async (provider: string): Promise<string> => {
    const record = recordOf(provider);
    if (record === undefined) throw loginRequired(provider);
    const { refreshToken } = record;
    if (refreshToken === undefined) throw await requireLogin(provider, 'expired');
    const { server, identity } = await providers.get(provider);
    const answer = await oauth.refresh(server, refreshToken, neverAborted);
    if (answer.kind === 'tokens') {
      const next = recordFrom(identity, record.flowId, answer.tokens, record);
      // On the disk before it is used: the server may have made the old one worthless already.
      files.write(provider, next);
      return next.accessToken;
    }
    if (answer.kind === 'refused' && answer.error === 'invalid_grant') throw await requireLogin(provider, 'invalid_grant');
    if (!hasEnded(record)) return record.accessToken;
    const why = answer.kind === 'refused' ? answer.error : answer.kind === 'unreachable' ? answer.message : answer.kind;
    throw new Failure('UNAVAILABLE', `The token of "${provider}" has ended and could not be refreshed (${why}); try again.`, {
      details: { reason: 'not_refreshed', provider },
    });
  };
  /** Out of reach or not, the tokens are gone from here. */
  const revoke = async (provider: string, { refreshToken, accessToken }: TokenRecord): Promise<boolean> => {
    const found = await providers.get(provider).catch((error: unknown) => {
      if (!isFailure(error)) throw error;
    });
    if (!found) return false;
    const given = [refreshToken, accessToken].filter((token) => token !== undefined);
    return (await Promise.all(given.map((token) => oauth.revoke(found.server, token, neverAborted)))).every(Boolean);
  };
  return {
    recordOf,
    isUsable,
    keep(provider, identity, flowId, tokens) {
      const record = recordFrom(identity, flowId, tokens);
      files.write(provider, record);
      return record;
    },
    assertLoggedIn(provider) {
      const record = recordOf(provider);
      if (record === undefined || !isUsable(record)) throw loginRequired(provider);
    },
    async accessToken(provider) {
      const record = recordOf(provider);
      if (record === undefined) throw loginRequired(provider);
      if (!endsSoon(record) || (record.refreshToken === undefined && !hasEnded(record))) return record.accessToken;
      // One refresh for all who ask meanwhile: of two, the second would show a token that the first has used up.
      const running = refreshing.get(provider);
      if (running) return running;
      const work = refresh(provider).finally(() => refreshing.delete(provider));
      refreshing.set(provider, work);
      return work;
    },
    async forget(provider) {
      // What a refresh still brings would be written again.
      for (let work = refreshing.get(provider); work; work = refreshing.get(provider)) await work.catch(() => undefined);
      const record = recordOf(provider);
      const loggedOut = files.remove(provider);
      return { loggedOut, revoked: record !== undefined && (await revoke(provider, record)) };
    },
    idle: async () => void (await Promise.allSettled(refreshing.values())),
  };
}

function loginRequired(provider: string): Failure {
  return new Failure('PRECONDITION', `The provider "${provider}" needs a login; run "coppice auth login ${provider}".`, {
    details: { reason: 'login_required', provider },
  });
}
