// Secrets by reference: looked up when a step that names them begins, handed to it alone, kept by nobody here.
import { join } from 'node:path';
import { nearest } from '../../rpc/nearest.ts';
import type { CredentialSource } from '../../schemas/credential.ts';
import { Failure } from '../../schemas/errors.ts';
import { readOwnFile } from '../tools/own-files.ts';

type Environment = Readonly<Record<string, string>>;

/** Of a session: what its client had of credentials that are variables, by the name of the credential. */
export type ClientValues = Readonly<Record<string, string>>;

export interface CredentialService {
  /** Throws PRECONDITION for the first name that is not configured. */
  assertKnown(names: readonly string[]): void;
  /** Takes all variables that stand for credentials out of an environment, and keeps the values of the named ones. */
  take(environment: Environment, names: readonly string[]): { readonly environment: Environment; readonly values: ClientValues };
  /** Throws what would stand in the way of resolving it, as far as it can be known without asking anybody. */
  check(name: string, values: ClientValues): void;
  /** The secret of an OAuth client, which cannot come from a login itself. */
  clientSecret(name: string): string;
  /** The secret itself. */
  resolve(name: string, values: ClientValues): Promise<string>;
}

/** Where the access tokens of logins come from. */
export interface Tokens {
  assertLoggedIn(provider: string): void;
  accessToken(provider: string): Promise<string>;
}

export interface CredentialDeps {
  readonly configured: () => Readonly<Record<string, CredentialSource>>;
  /** Of the daemon. */
  readonly environment: Environment;
  readonly uid: number;
  readonly tokens: Tokens;
}

export function createCredentialService({ configured, environment: own, uid, tokens }: CredentialDeps): CredentialService {
  const sourceOf = (name: string): CredentialSource => {
    const all = configured();
    const source = Object.hasOwn(all, name) ? all[name] : undefined;
    if (source) return source;
    const suggestions = nearest(name, Object.keys(all));
    const hint = suggestions[0] === undefined ? '' : ` Did you mean "${suggestions[0]}"?`;
    throw new Failure('PRECONDITION', `There is no credential "${name}"; add [credentials.${name}] to the configuration.${hint}`, {
      details: { reason: 'credential_unknown', credential: name, suggestions },
    });
  };
  /** What needs no network; undefined: ask for a token. */
  const local = (name: string, values: ClientValues): string | undefined => {
    const { env, file, systemd } = sourceOf(name);
    if (env !== undefined) return checked(name, `the variable "${env}"`, values[name] ?? own[env]);
    if (file !== undefined) return checked(name, `the file "${file}"`, readSecret(file, uid));
    if (systemd === undefined) return undefined;
    const folder = own.CREDENTIALS_DIRECTORY;
    const what = `the systemd credential "${systemd}"`;
    return checked(name, what, folder === undefined ? undefined : readSecret(join(folder, systemd), uid));
  };
  const variables = (): [string, string][] =>
    Object.entries(configured()).flatMap(([name, { env }]) => (env === undefined ? [] : [[name, env]]));
  return {
    assertKnown: (names) => void names.map(sourceOf),
    take(environment, names) {
      const hidden = variables();
      const values = hidden.filter(([name, env]) => names.includes(name) && environment[env] !== undefined);
      const secret = new Set(hidden.map(([, env]) => env));
      return {
        environment: Object.fromEntries(Object.entries(environment).filter(([name]) => !secret.has(name))),
        values: Object.fromEntries(values.map(([name, env]) => [name, environment[env] as string])),
      };
    },
    check(name, values) {
      const { oauth } = sourceOf(name);
      if (oauth === undefined) local(name, values);
      else tokens.assertLoggedIn(oauth);
    },
    clientSecret(name) {
      const secret = local(name, {});
      if (secret !== undefined) return secret;
      throw new Failure('PRECONDITION', `The credential "${name}" comes from a login, so no login can depend on it; name another one.`, {
        details: { reason: 'credential_circle', credential: name },
      });
    },
    async resolve(name, values) {
      const { oauth } = sourceOf(name);
      return oauth === undefined ? (local(name, values) as string) : tokens.accessToken(oauth);
    },
  };
}

/** One line end at its end belongs to the file, not to the secret. systemd leaves files of root's. */
function readSecret(path: string, uid: number): string | undefined {
  return readOwnFile(path, uid, { fix: 'name another file', otherOwner: 0 })?.replace(/\r?\n$/, '');
}

function checked(name: string, what: string, secret: string | undefined): string {
  const problem = secret === undefined ? 'is not there' : secret === '' ? 'is empty' : secret.includes('\0') ? 'has a NUL byte' : undefined;
  if (problem === undefined) return secret as string;
  throw new Failure(
    'PRECONDITION',
    `The credential "${name}" cannot be used: ${what} ${problem}; set it, or correct [credentials.${name}].`,
    {
      details: { reason: 'credential_missing', credential: name },
    },
  );
}
