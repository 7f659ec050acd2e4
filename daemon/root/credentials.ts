// Credentials and logins, wired: secrets may come from logins, and a login may need the secret of its client.
import type { ConfigService } from '../config/service.ts';
import { createLoginService } from '../credentials/logins.ts';
import { createProviders } from '../credentials/providers.ts';
import { createCredentialService } from '../credentials/service.ts';
import { createTokenFiles } from '../credentials/token-files.ts';
import { createTokenService } from '../credentials/tokens.ts';
import type { Lifecycle } from '../kernel/lifecycle.ts';
import type { Store } from '../store/store.ts';
import { createOAuthTool } from '../tools/oauth.ts';
import type { DaemonOptions } from './options.ts';
import type { Tools } from './tools.ts';

export interface CredentialWiring {
  readonly options: DaemonOptions;
  readonly tools: Tools;
  readonly store: Store;
  readonly config: ConfigService;
  readonly lifecycle: Lifecycle;
}

export function wireCredentials({ options, tools, store, config, lifecycle }: CredentialWiring) {
  const { clock, uid } = options;
  const { log } = options.log;
  const oauth = createOAuthTool({ now: () => clock.now() });
  const files = createTokenFiles({ dir: options.paths.credentialsDir, uid });
  const clientSecret = async (name: string): Promise<string> => credentials.clientSecret(name);
  const providers = createProviders({ configured: () => config.current.auth, clientSecret });
  const tokens = createTokenService({ store, clock, oauth, providers, files });
  const configured = () => config.current.credentials;
  const credentials = createCredentialService({ configured, environment: options.env, uid, tokens });
  const { ids, deadlines } = tools;
  const logins = createLoginService({ store, clock, ids, log, deadlines, oauth, providers, tokens, files });
  lifecycle.own('logins', () => logins.stop());
  return { credentials, logins };
}
