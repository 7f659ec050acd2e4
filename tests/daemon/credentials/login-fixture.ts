// The services of logins and tokens beside a real OAuth server, on a clock that is moved by hand.
import { readFileSync } from 'node:fs';
import { createLoginService } from '../../../daemon/credentials/logins.ts';
import { createProviders } from '../../../daemon/credentials/providers.ts';
import { createTokenFiles, type TokenRecord } from '../../../daemon/credentials/token-files.ts';
import { createTokenService } from '../../../daemon/credentials/tokens.ts';
import { createDeadlines } from '../../../daemon/kernel/deadline.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { createLog } from '../../../daemon/kernel/log.ts';
import { createOAuthTool } from '../../../daemon/tools/oauth.ts';
import { Config } from '../../../schemas/config.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { type OAuthServer, type OAuthServerOptions, startOAuthServer } from '../../helpers/oauth-server.ts';
import { openTestStore, type TestStore } from '../../helpers/open-store.ts';
import { until } from '../../helpers/until.ts';

export const uid = process.getuid?.() ?? 0;
export const origin = { actor: 'owner' };

/** The services of one daemon; another one on the same store and folder is the next daemon. */
export function createDaemon(
  server: OAuthServer,
  { opened, clock, log }: { opened: TestStore; clock: ManualClock; log: string[] },
  secret?: string,
) {
  const { store } = opened;
  const provider = { issuer: server.issuer, client_id: 'coppice', scopes: ['openid', 'offline_access'] };
  const auth = { hub: secret === undefined ? provider : { ...provider, client_secret: 'hub_secret' } };
  const set = { auth: Config.parse({ auth }).auth };
  const oauth = createOAuthTool({ now: () => clock.now() });
  const files = createTokenFiles({ dir: opened.dir.at(), uid });
  const providers = createProviders({ configured: () => set.auth, clientSecret: async () => secret ?? '' });
  const tokens = createTokenService({ store, clock, oauth, providers, files });
  const deadlines = createDeadlines(clock);
  const logging = createLog('trace', (line) => void log.push(line)).log;
  const logins = createLoginService({ store, clock, ids: createIds(clock), log: logging, deadlines, oauth, providers, tokens, files });
  return { set, files, tokens, logins, deadlines };
}

export async function setUp(options: OAuthServerOptions = {}) {
  const server = await startOAuthServer(options);
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const log: string[] = [];
  const begin = () => createDaemon(server, { opened, clock, log }, options.clientSecret);
  const daemon = begin();
  const events = () =>
    opened.store
      .read((r) => r.events.page(0, 1_000))
      .map(({ text }) => JSON.parse(text) as { type: string; data: Record<string, unknown> });
  /** Moves the clock on to the next question and waits until it was answered. */
  const question = async (seconds: number): Promise<void> => {
    const before = server.requests.filter((path) => path === '/token').length;
    clock.advance(seconds * 1000);
    await until('the question', () => server.requests.filter((path) => path === '/token').length > before);
  };
  const path = (name: string): string => opened.dir.at(name);
  return {
    ...{ server, clock, opened, log, begin, daemon, events, question, path },
    store: opened.store,
    /** The login is over, or waits for its next question. */
    settled: (flowId: string, check: (status: string, intervalSeconds: number) => boolean) =>
      until('the login to settle', () => {
        const flow = opened.store.read((r) => r.authFlows.get(flowId));
        return flow !== undefined && check(flow.status, flow.intervalSeconds);
      }),
    record: () => JSON.parse(readFileSync(path('hub.json'), 'utf8')) as TokenRecord,
    async [Symbol.asyncDispose]() {
      daemon.deadlines.close();
      await daemon.logins.stop();
      opened[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const ends = ['auth.granted', 'auth.denied', 'auth.expired', 'auth.cancelled', 'auth.failed'];

export async function logIn(setup: Awaited<ReturnType<typeof setUp>>) {
  const login = await setup.daemon.logins.start('hub', origin);
  await setup.server.confirm(login.verificationUriComplete as string);
  setup.clock.advance(5_000);
  await setup.settled(login.flowId, (status) => status === 'granted');
  return login;
}
