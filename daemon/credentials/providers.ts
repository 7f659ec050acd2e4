import { nearest } from '../../rpc/nearest.ts';
import type { Provider as ProviderConfig } from '../../schemas/credential.ts';
import { Failure } from '../../schemas/errors.ts';
import type { OAuthServer } from '../tools/oauth.ts';

export interface Provider {
  readonly server: OAuthServer;
  readonly scopes: readonly string[];
  /** Tokens are of use there only where they come from: another server, or another client, gets none of them. */
  readonly identity: string;
}

export interface Providers {
  /** Throws NOT_FOUND with near names. */
  assertKnown(name: string): void;
  /** Also throws what stands in the way of the secret of its client. */
  get(name: string): Promise<Provider>;
  identityOf(name: string): string;
}

export interface ProviderDeps {
  readonly configured: () => Readonly<Record<string, ProviderConfig>>;
  /** The secret of a client, by the name of its credential. */
  readonly clientSecret: (credential: string) => Promise<string>;
}

export function createProviders({ configured, clientSecret }: ProviderDeps): Providers {
  const configOf = (name: string): ProviderConfig => {
    const all = configured();
    const found = Object.hasOwn(all, name) ? all[name] : undefined;
    if (found) return found;
    const suggestions = nearest(name, Object.keys(all));
    const hint = suggestions[0] === undefined ? '' : ` Did you mean "${suggestions[0]}"?`;
    throw new Failure('NOT_FOUND', `There is no provider "${name}"; add [auth.${name}] to the configuration.${hint}`, {
      details: { entity: 'provider', id: name, suggestions },
    });
  };
  const identityOf = (name: string): string => {
    const { issuer, token_endpoint: tokenEndpoint, client_id: clientId } = configOf(name);
    return JSON.stringify([issuer ?? tokenEndpoint, clientId]);
  };
  return {
    assertKnown: (name) => void configOf(name),
    identityOf,
    async get(name) {
      const config = configOf(name);
      const { issuer, device_authorization_endpoint: device, token_endpoint: token, revocation_endpoint: revocation } = config;
      const secret = config.client_secret === undefined ? undefined : await clientSecret(config.client_secret);
      return {
        scopes: config.scopes,
        identity: identityOf(name),
        server: {
          clientId: config.client_id,
          ...(issuer === undefined ? {} : { issuer }),
          ...(device === undefined ? {} : { deviceAuthorizationEndpoint: device }),
          ...(token === undefined ? {} : { tokenEndpoint: token }),
          ...(revocation === undefined ? {} : { revocationEndpoint: revocation }),
          ...(secret === undefined ? {} : { clientSecret: { text: secret, method: config.client_auth } }),
        },
      };
    },
  };
}
