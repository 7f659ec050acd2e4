// OAuth 2 as the daemon needs it: device codes (RFC 8628), refreshing, revoking. The protocol is the library's; what comes out are plain
// answers, and never an error of the library's, because those carry the bodies that they are about, tokens included.
import * as oauth from 'oauth4webapi';
import { isLoopbackHttp, isSafeUrl } from '../../schemas/credential.ts';
import { Failure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';
import { boundedFetch } from './oauth-fetch.ts';
import { answered, type OAuthProblem, UnsafeEndpoint } from './oauth-problem.ts';

export interface OAuthServer {
  readonly issuer?: string;
  /** Without an issuer. */
  readonly deviceAuthorizationEndpoint?: string;
  readonly tokenEndpoint?: string;
  readonly revocationEndpoint?: string;
  readonly clientId: string;
  readonly clientSecret?: { readonly text: string; readonly method: 'basic' | 'post' };
}

export interface DeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete?: string;
  readonly lifetimeMs: number;
  readonly intervalSeconds: number;
}

export interface TokenSet {
  readonly accessToken: string;
  readonly tokenType: string;
  readonly lifetimeMs?: number;
  readonly refreshToken?: string;
  readonly scopes?: readonly string[];
}

export type TokenAnswer =
  | { readonly kind: 'tokens'; readonly tokens: TokenSet }
  | { readonly kind: 'pending' | 'slowDown' | 'denied' | 'expired' }
  | OAuthProblem;

export interface OAuthTool {
  /** Throws a Failure when the server does not give a code. */
  deviceCode(server: OAuthServer, scopes: readonly string[], signal: AbortSignal): Promise<DeviceCode>;
  /** Has the user confirmed? */
  redeem(server: OAuthServer, deviceCode: string, signal: AbortSignal): Promise<TokenAnswer>;
  refresh(server: OAuthServer, refreshToken: string, signal: AbortSignal): Promise<TokenAnswer>;
  /** False when the server has no place for it, or does not answer. */
  revoke(server: OAuthServer, token: string, signal: AbortSignal): Promise<boolean>;
}

export function createOAuthTool({ now }: { now: () => number }): OAuthTool {
  const known = new Map<string, { readonly metadata: oauth.AuthorizationServer; readonly untilMs: number }>();

  const metadataOf = async (server: OAuthServer, signal: AbortSignal): Promise<oauth.AuthorizationServer> => {
    if (server.issuer === undefined) return explicitMetadata(server);
    const cached = known.get(server.issuer);
    if (cached && cached.untilMs > now()) return cached.metadata;
    const metadata = await discover(server.issuer, signal);
    known.set(server.issuer, { metadata, untilMs: now() + limits.authMetadataKeptMs });
    return metadata;
  };
  return {
    async deviceCode(server, scopes, signal) {
      const answer = await answered(async () => {
        const metadata = await metadataOf(server, signal);
        const parameters = scopes.length === 0 ? {} : { scope: scopes.join(' ') };
        const options = optionsFor(metadata.device_authorization_endpoint, signal);
        const response = await oauth.deviceAuthorizationRequest(metadata, clientOf(server), authOf(server), parameters, options);
        return oauth.processDeviceAuthorizationResponse(metadata, clientOf(server), response);
      });
      if ('result' in answer) return codeOf(answer.result);
      throw failureOf(server, answer.problem);
    },
    redeem: (server, deviceCode, signal) =>
      tokensFrom(async () => {
        const metadata = await metadataOf(server, signal);
        const options = optionsFor(metadata.token_endpoint, signal);
        const response = await oauth.deviceCodeGrantRequest(metadata, clientOf(server), authOf(server), deviceCode, options);
        return oauth.processDeviceCodeResponse(metadata, clientOf(server), response);
      }),
    refresh: (server, refreshToken, signal) =>
      tokensFrom(async () => {
        const metadata = await metadataOf(server, signal);
        const options = optionsFor(metadata.token_endpoint, signal);
        const response = await oauth.refreshTokenGrantRequest(metadata, clientOf(server), authOf(server), refreshToken, options);
        return oauth.processRefreshTokenResponse(metadata, clientOf(server), response);
      }),
    async revoke(server, token, signal) {
      const answer = await answered(async () => {
        const metadata = await metadataOf(server, signal);
        if (metadata.revocation_endpoint === undefined) return false;
        const options = optionsFor(metadata.revocation_endpoint, signal);
        await oauth.processRevocationResponse(await oauth.revocationRequest(metadata, clientOf(server), authOf(server), token, options));
        return true;
      });
      return 'result' in answer && answer.result;
    },
  };
}

function explicitMetadata({ deviceAuthorizationEndpoint, tokenEndpoint = '', revocationEndpoint }: OAuthServer): oauth.AuthorizationServer {
  return {
    issuer: new URL(tokenEndpoint).origin,
    token_endpoint: tokenEndpoint,
    ...(deviceAuthorizationEndpoint === undefined ? {} : { device_authorization_endpoint: deviceAuthorizationEndpoint }),
    ...(revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }),
  };
}

/** By the rules of OpenID Connect, else by those of OAuth: a server has its metadata at the one place or the other. */
async function discover(issuer: string, signal: AbortSignal): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const ask = async (algorithm: 'oidc' | 'oauth2') => oauth.discoveryRequest(url, { ...optionsFor(issuer, signal), algorithm });
  const first = await ask('oidc');
  return oauth.processDiscoveryResponse(url, first.status === 404 ? await ask('oauth2') : first);
}

/** What a server names as an endpoint is held to the rule of the configuration: https, or loopback. */
function optionsFor(endpoint: string | undefined, signal: AbortSignal) {
  if (endpoint !== undefined && !isSafeUrl(endpoint)) throw new UnsafeEndpoint(endpoint);
  return {
    signal: AbortSignal.any([signal, AbortSignal.timeout(limits.authRequestMs)]),
    [oauth.allowInsecureRequests]: endpoint !== undefined && isLoopbackHttp(endpoint),
    [oauth.customFetch]: boundedFetch,
  };
}

const clientOf = ({ clientId }: OAuthServer): oauth.Client => ({ client_id: clientId });

function authOf({ clientSecret }: OAuthServer): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  return clientSecret.method === 'post' ? oauth.ClientSecretPost(clientSecret.text) : oauth.ClientSecretBasic(clientSecret.text);
}

const answersByError: Readonly<Record<string, TokenAnswer>> = {
  authorization_pending: { kind: 'pending' },
  slow_down: { kind: 'slowDown' },
  access_denied: { kind: 'denied' },
  expired_token: { kind: 'expired' },
};

async function tokensFrom(work: () => Promise<oauth.TokenEndpointResponse>): Promise<TokenAnswer> {
  const answer = await answered(work);
  if ('problem' in answer) {
    const { problem } = answer;
    return (problem.kind === 'refused' ? answersByError[problem.error] : undefined) ?? problem;
  }
  const { access_token, token_type, expires_in, refresh_token, scope } = answer.result;
  return {
    kind: 'tokens',
    tokens: {
      accessToken: access_token,
      tokenType: token_type,
      ...(expires_in === undefined ? {} : { lifetimeMs: Math.round(expires_in * 1000) }),
      ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
      ...(scope === undefined ? {} : { scopes: scope.split(' ').filter(Boolean) }),
    },
  };
}

/** As long as nobody says otherwise, RFC 8628 asks every five seconds. */
const usualIntervalSeconds = 5;

function codeOf(answer: oauth.DeviceAuthorizationResponse): DeviceCode {
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = answer;
  return {
    deviceCode: device_code,
    userCode: user_code,
    verificationUri: shownUrl(verification_uri),
    ...(verification_uri_complete === undefined ? {} : { verificationUriComplete: shownUrl(verification_uri_complete) }),
    lifetimeMs: Math.min(Math.round(expires_in * 1000), limits.authLoginMs),
    intervalSeconds: Math.min(Math.ceil(interval ?? usualIntervalSeconds), limits.authIntervalSeconds),
  };
}

/** People are told to open it. */
function shownUrl(text: string): string {
  if (isSafeUrl(text) && URL.canParse(text)) return new URL(text).href;
  throw new Failure('TOOL_FAILED', 'The server names a place for the login that is no https URL; it cannot be trusted.', {
    details: { tool: 'oauth', error: 'unsafe_verification_uri' },
  });
}

function failureOf({ issuer, deviceAuthorizationEndpoint }: OAuthServer, problem: OAuthProblem): Failure {
  const where = `"${issuer ?? deviceAuthorizationEndpoint}"`;
  if (problem.kind === 'unreachable')
    return new Failure('UNAVAILABLE', `The server ${where} does not answer (${problem.message}); try again.`);
  const message = `The server ${where} refuses a login (${problem.error}); check its section [auth] and whether the client may use device codes.`;
  return new Failure('TOOL_FAILED', message, { details: { tool: 'oauth', error: problem.error } });
}
