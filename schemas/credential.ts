import { z } from 'zod';
import { key } from './config-key.ts';
import { RegistryName } from './registry-name.ts';

const VariableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, 'must be the name of a variable');

export const credentialSources = ['env', 'file', 'systemd', 'oauth'] as const;

const Source = z
  .strictObject({
    env: key(VariableName.optional(), 'A variable of the client that starts the session, else of the daemon. No other step sees it.', {
      reload: 'live',
    }),
    file: key(z.string().startsWith('/', 'must be an absolute path').max(4_096).optional(), 'A file that only its owner may read.', {
      reload: 'live',
    }),
    systemd: key(
      z
        .string()
        .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/, 'must be the name of a file in $CREDENTIALS_DIRECTORY')
        .optional(),
      'A credential that systemd hands to the daemon, by its name.',
      { reload: 'live' },
    ),
    oauth: key(RegistryName.optional(), 'A provider of [auth.<provider>]: its access token, refreshed when that is due.', {
      reload: 'live',
    }),
  })
  .refine((source) => credentialSources.filter((kind) => source[kind] !== undefined).length === 1, {
    message: `must name one of ${credentialSources.join(', ')}, and only one`,
  });
export type CredentialSource = z.output<typeof Source>;

/** `[credentials.<name>]`: where a secret is found, never the secret itself. */
export const CredentialsConfig = z.record(RegistryName, Source);

/** A token must not cross a network in clear: https, and http on loopback. */
export function isSafeUrl(text: string): boolean {
  return /^https:\/\//i.test(text) || isLoopbackHttp(text);
}

export function isLoopbackHttp(text: string): boolean {
  return /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?([/?#]|$)/i.test(text);
}

const Endpoint = z.url().max(2_048).refine(isSafeUrl, 'must be an https URL; http is for loopback alone').optional();

const Provider = z
  .strictObject({
    issuer: key(Endpoint, 'The server, whose metadata name the endpoints.', { reload: 'live' }),
    device_authorization_endpoint: key(Endpoint, 'Without an issuer: where a login begins.', { reload: 'live' }),
    token_endpoint: key(Endpoint, 'Without an issuer: where tokens come from.', { reload: 'live' }),
    revocation_endpoint: key(Endpoint, 'Without an issuer: where a logout is told, if there is such a place.', { reload: 'live' }),
    client_id: key(z.string().min(1).max(1_024), 'As which client coppice is known there.', { reload: 'live' }),
    client_secret: key(RegistryName.optional(), 'The credential that holds the secret of the client, if it has one.', { reload: 'live' }),
    client_auth: key(z.enum(['basic', 'post']).default('basic'), 'How the secret is shown: in a header or in the body.', {
      reload: 'live',
    }),
    scopes: key(
      z
        .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope'))
        .max(100)
        .default([]),
      'What is asked for.',
      {
        reload: 'live',
      },
    ),
  })
  .refine(
    ({ issuer, device_authorization_endpoint: device, token_endpoint: token, revocation_endpoint: revocation }) =>
      issuer === undefined ? device !== undefined && token !== undefined : (device ?? token ?? revocation) === undefined,
    { message: 'must name its issuer, or its device_authorization_endpoint and token_endpoint', path: ['issuer'] },
  );
export type Provider = z.output<typeof Provider>;

/** `[auth.<provider>]`: where a login by device code gets an access token. */
export const ProvidersConfig = z.record(RegistryName, Provider);
