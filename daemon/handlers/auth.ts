import type { HandlersOf } from '../server/connection.ts';
import { originOf } from '../server/connection.ts';
import type { Services } from './services.ts';

export function authHandlers({ auth, logins, daemon }: Services): HandlersOf<'auth'> {
  return {
    'auth.createToken': (params, call) => {
      const origin = originOf(call);
      // A receipt would keep the secret in the database: a second call with the key is refused by the name instead.
      if (origin.receipt) origin.receipt.written = true;
      return auth.create(params, origin.actor);
    },
    'auth.start': ({ provider }, call) => logins.start(provider, originOf(call)),
    'auth.status': (ref) => logins.status(ref),
    'auth.cancel': (ref, call) => logins.cancel(ref, originOf(call)),
    'auth.logout': ({ provider }, call) => logins.logout(provider, originOf(call)),
    'auth.listTokens': ({ cursor, limit }) => auth.list(cursor, limit),
    'auth.revokeToken': async ({ token }, call) => {
      const revoked = await auth.revoke(token, originOf(call).actor);
      daemon.closeConnectionsOfToken(revoked.id);
      return {};
    },
  };
}
