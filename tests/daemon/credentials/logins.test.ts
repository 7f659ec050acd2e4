// Logins and tokens against a real OAuth server. Time is moved by hand; only the answers of the server are waited for.
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
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

const uid = process.getuid?.() ?? 0;
const origin = { actor: 'owner' };

/** The services of one daemon; another one on the same store and folder is the next daemon. */
function createDaemon(
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

async function setUp(options: OAuthServerOptions = {}) {
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

const ends = ['auth.granted', 'auth.denied', 'auth.expired', 'auth.cancelled', 'auth.failed'];

async function logIn(setup: Awaited<ReturnType<typeof setUp>>) {
  const login = await setup.daemon.logins.start('hub', origin);
  await setup.server.confirm(login.verificationUriComplete as string);
  setup.clock.advance(5_000);
  await setup.settled(login.flowId, (status) => status === 'granted');
  return login;
}

test('a login waits for its user, is granted, and leaves tokens in a file for its owner alone', async () => {
  await using setup = await setUp();
  const { daemon, server, question, settled, path } = setup;
  const login = await daemon.logins.start('hub', origin);
  expect(login).toMatchObject({ provider: 'hub', status: 'pending', interval: 5, verificationUri: `${server.issuer}/device` });
  expect(login.verificationUriComplete).toContain(login.userCode);
  expect(Date.parse(login.expiresAt) - setup.clock.now()).toBe(600_000);
  expect(statSync(path(`${login.flowId}.code`)).mode & 0o777).toBe(0o600);

  await question(5);
  expect(daemon.logins.status({ flowId: login.flowId })).toMatchObject({ loggedIn: false, login: { status: 'pending' } });
  await server.confirm(login.verificationUriComplete as string);
  await until('the next question to be armed', () => setup.daemon.deadlines.size === 1);
  await question(5);
  await settled(login.flowId, (status) => status === 'granted');

  expect(statSync(path('hub.json')).mode & 0o777).toBe(0o600);
  await until('the code to go', () => !readdirSync(path('.')).some((name) => name.endsWith('.code')));
  expect(await daemon.tokens.accessToken('hub')).toBe(setup.record().accessToken);
  const status = daemon.logins.status({ provider: 'hub' });
  expect(status).toMatchObject({ loggedIn: true, scopes: ['openid', 'offline_access'], login: { status: 'granted' } });
  expect(setup.events().map(({ type }) => type)).toEqual(['auth.started', 'auth.granted']);
});

test('slow_down twice makes the pauses five and ten seconds longer, for good', async () => {
  await using setup = await setUp();
  const { daemon, server, question, settled, clock } = setup;
  server.interpose('slow_down', 'slow_down');
  const { flowId } = await daemon.logins.start('hub', origin);
  /** The next question comes after so many seconds, and not a millisecond earlier. */
  const pause = async (seconds: number): Promise<void> => {
    await until('the next question to be armed', () => daemon.deadlines.size === 1);
    clock.advance(seconds * 1000 - 1);
    expect(daemon.deadlines.size).toBe(1);
    await question(0.001);
  };
  await pause(5);
  await settled(flowId, (_, interval) => interval === 10);
  await pause(10);
  await settled(flowId, (_, interval) => interval === 15);
  // "pending" does not make it faster again.
  await pause(15);
  await pause(15);
  expect(daemon.logins.status({ flowId })).toMatchObject({ login: { status: 'pending', interval: 15 } });
});

test('a server that is out of order is asked again later, and the login goes on', async () => {
  await using setup = await setUp();
  const { daemon, server, question, settled } = setup;
  server.interpose('drop', 'server_error');
  const login = await daemon.logins.start('hub', origin);
  await server.confirm(login.verificationUriComplete as string);
  for (const pause of [5, 10, 20]) {
    await until('the next question to be armed', () => daemon.deadlines.size === 1);
    await question(pause);
  }
  await settled(login.flowId, (status) => status === 'granted');
  expect(setup.events().map(({ type }) => type)).toEqual(['auth.started', 'auth.granted']);
});

test('a user who refuses, time that runs out and a cancel end a login, each with one event and without tokens', async () => {
  await using setup = await setUp();
  const { daemon, server, question, settled, clock } = setup;
  const refused = await daemon.logins.start('hub', origin);
  await server.refuse(refused.verificationUriComplete as string);
  await question(5);
  await settled(refused.flowId, (status) => status === 'denied');

  const late = await daemon.logins.start('hub', origin);
  clock.advance(600_000);
  await settled(late.flowId, (status) => status === 'expired');

  const cancelled = await daemon.logins.start('hub', origin);
  await daemon.logins.cancel({ provider: 'hub' }, { actor: 'token:x' });
  await expect(daemon.logins.cancel({ flowId: cancelled.flowId }, origin)).rejects.toMatchObject({
    kind: 'INVALID_TRANSITION',
    details: { from: 'cancelled' },
  });
  await server.confirm(cancelled.verificationUriComplete as string);
  clock.advance(600_000);

  const told = setup.events().filter(({ type }) => ends.includes(type));
  expect(told.map(({ type, data }) => [type, data.flowId])).toEqual([
    ['auth.denied', refused.flowId],
    ['auth.expired', late.flowId],
    ['auth.cancelled', cancelled.flowId],
  ]);
  expect(daemon.logins.status({ provider: 'hub' })).toMatchObject({ loggedIn: false, login: { status: 'cancelled' } });
  expect(readdirSync(setup.path('.')).filter((name) => /\.(json|code)$/.test(name))).toEqual([]);
});

test('a cancel cuts off the question that is on its way', async () => {
  await using setup = await setUp();
  const { daemon, server, question } = setup;
  server.hold();
  const { flowId } = await daemon.logins.start('hub', origin);
  await question(5);
  expect(await daemon.logins.cancel({ flowId }, origin)).toMatchObject({ status: 'cancelled' });
});

test('one login at a time: whoever starts another gets the one that is under way, also from the next daemon', async () => {
  await using setup = await setUp();
  const first = await setup.daemon.logins.start('hub', origin);
  const both = await Promise.all([setup.daemon.logins.start('hub', origin), setup.daemon.logins.start('hub', origin)]);
  expect(both).toEqual([first, first]);
  setup.daemon.deadlines.close();
  const next = setup.begin();
  await next.logins.resume();
  expect(await next.logins.start('hub', origin)).toEqual(first);
  await setup.server.confirm(first.verificationUriComplete as string);
  setup.clock.advance(5_000);
  await setup.settled(first.flowId, (status) => status === 'granted');
  await next.logins.stop();
});

test('a daemon that died between the tokens and the end of their login is believed, without asking again', async () => {
  await using setup = await setUp();
  const { daemon, store } = setup;
  const { flowId } = await daemon.logins.start('hub', origin);
  daemon.deadlines.close();
  daemon.tokens.keep('hub', JSON.stringify([setup.server.issuer, 'coppice']), flowId, { accessToken: 'a', tokenType: 'bearer' });
  const next = setup.begin();
  await next.logins.resume();
  expect(store.read((r) => r.authFlows.get(flowId)?.status)).toBe('granted');
  expect(setup.server.requests).not.toContain('/token');
});

test('a login whose code is gone, or whose client the server does not know, fails with the reason', async () => {
  await using setup = await setUp({ clientSecret: 'right' });
  const { daemon, settled, clock } = setup;
  const lost = await daemon.logins.start('hub', origin);
  daemon.files.removeCode(lost.flowId);
  clock.advance(5_000);
  await settled(lost.flowId, (status) => status === 'failed');
  expect(setup.events().at(-1)).toMatchObject({ type: 'auth.failed', data: { reason: 'code_lost' } });
  const wrong = createDaemon(setup.server, { opened: setup.opened, clock, log: setup.log }, 'wrong');
  await expect(wrong.logins.start('hub', origin)).rejects.toMatchObject({ kind: 'TOOL_FAILED', details: { error: 'invalid_client' } });
});

test('a server that nobody answers for refuses a login at once, and one that is not configured is told with near names', async () => {
  await using setup = await setUp();
  const { daemon } = setup;
  daemon.set.auth = Config.parse({ auth: { hub: { issuer: 'http://127.0.0.1:1', client_id: 'x' } } }).auth;
  await expect(daemon.logins.start('hub', origin)).rejects.toMatchObject({ kind: 'UNAVAILABLE', retryable: true });
  await expect(daemon.logins.start('hubb', origin)).rejects.toMatchObject({ kind: 'NOT_FOUND', details: { suggestions: ['hub'] } });
  for (const ref of [{}, { provider: 'hub', flowId: 'flw_x' }]) {
    expect(() => daemon.logins.status(ref)).toThrow(expect.objectContaining({ kind: 'INVALID_PARAMS' }));
  }
  expect(() => daemon.logins.status({ flowId: 'flw_x' })).toThrow(expect.objectContaining({ kind: 'NOT_FOUND' }));
});

test('twenty who ask for a token that ends soon cause one refresh, and the rotated token is on the disk', async () => {
  await using setup = await setUp();
  const { daemon, server, clock } = setup;
  await logIn(setup);
  const before = setup.record();
  clock.advance(3_600_000 - 5 * 60_000);
  expect(await daemon.tokens.accessToken('hub')).toBe(before.accessToken);
  clock.advance(1);
  const given = await Promise.all(Array.from({ length: 20 }, () => daemon.tokens.accessToken('hub')));
  expect(server.granted('refresh_token')).toBe(1);
  const after = setup.record();
  expect(new Set(given)).toEqual(new Set([after.accessToken]));
  expect(after.accessToken).not.toBe(before.accessToken);
  expect(after.refreshToken).not.toBe(before.refreshToken);
  expect(statSync(setup.path('hub.json')).mode & 0o777).toBe(0o600);
});

test('the next daemon refreshes a token that ended meanwhile', async () => {
  await using setup = await setUp();
  await logIn(setup);
  setup.clock.advance(10 * 3_600_000);
  const next = setup.begin();
  expect(next.logins.status({ provider: 'hub' })).toMatchObject({ loggedIn: true });
  const token = await next.tokens.accessToken('hub');
  expect(token).toBe(setup.record().accessToken);
  expect(setup.server.granted('refresh_token')).toBe(1);
});

test('while the server is out of order a token that is still good is handed out, and what can be refreshed later is kept', async () => {
  await using setup = await setUp();
  const { daemon, server, clock } = setup;
  await logIn(setup);
  const before = setup.record();
  clock.advance(3_600_000 - 60_000);
  server.interpose('drop');
  expect(await daemon.tokens.accessToken('hub')).toBe(before.accessToken);
  clock.advance(60_000);
  server.interpose('server_error');
  await expect(daemon.tokens.accessToken('hub')).rejects.toMatchObject({ kind: 'UNAVAILABLE', retryable: true });
  expect(setup.record()).toEqual(before);
  expect(await daemon.tokens.accessToken('hub')).toBe(setup.record().accessToken);
});

test('tokens that the server does not take any more are forgotten, and a login is asked for once', async () => {
  await using setup = await setUp();
  const { daemon, clock } = setup;
  await logIn(setup);
  // Used once already: the server rotates them.
  daemon.files.write('hub', { ...setup.record(), refreshToken: 'of no use' });
  clock.advance(3_600_000);
  for (let n = 0; n < 2; n++) {
    await expect(daemon.tokens.accessToken('hub')).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'login_required' } });
  }
  expect(setup.events().filter(({ type }) => type === 'auth.loginRequired')).toMatchObject([
    { data: { provider: 'hub', reason: 'invalid_grant' } },
  ]);
  expect(daemon.logins.status({ provider: 'hub' })).toMatchObject({ loggedIn: false });
});

test('a token file that others may read, or that is damaged, is refused with what to do', async () => {
  await using setup = await setUp();
  const { daemon, path } = setup;
  await logIn(setup);
  for (const mode of [0o644, 0o640, 0o602]) {
    chmodSync(path('hub.json'), mode);
    await expect(daemon.tokens.accessToken('hub')).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'unsafe_file' } });
    expect(() => daemon.logins.status({ provider: 'hub' })).toThrow(/mode 0600; run "chmod 600".*auth login hub/);
  }
  chmodSync(path('hub.json'), 0o600);
  const strangers = createTokenFiles({ dir: path('.'), uid: uid + 1 });
  expect(() => strangers.read('hub')).toThrow(expect.objectContaining({ details: expect.objectContaining({ reason: 'unsafe_file' }) }));
  daemon.files.write('hub', { half: true } as unknown as TokenRecord);
  await expect(daemon.tokens.accessToken('hub')).rejects.toMatchObject({ details: { reason: 'damaged_file' } });
});

test('tokens of one server or client are shown to no other', async () => {
  await using setup = await setUp();
  const { daemon, server } = setup;
  await logIn(setup);
  const asked = server.requests.length;
  daemon.set.auth = Config.parse({ auth: { hub: { issuer: server.issuer, client_id: 'another' } } }).auth;
  await expect(daemon.tokens.accessToken('hub')).rejects.toMatchObject({ details: { reason: 'login_required' } });
  setup.clock.advance(3_600_000);
  await expect(daemon.tokens.accessToken('hub')).rejects.toMatchObject({ details: { reason: 'login_required' } });
  expect(server.requests.length).toBe(asked);
});

test('a logout revokes at the server and removes the file; it ends a login that is under way, and a second one finds nothing', async () => {
  await using setup = await setUp();
  const { daemon, server } = setup;
  await logIn(setup);
  const { refreshToken } = setup.record();
  const running = await daemon.logins.start('hub', origin);
  expect(await daemon.logins.logout('hub', origin)).toEqual({ loggedOut: true, revoked: true });
  expect(server.requests.filter((path) => path === '/token/revocation')).toHaveLength(2);
  expect(await daemon.logins.logout('hub', origin)).toEqual({ loggedOut: false, revoked: false });
  const told = setup.events().map(({ type }) => type);
  expect(told.slice(-2)).toEqual(['auth.cancelled', 'auth.loginEnded']);
  expect(daemon.logins.status({ flowId: running.flowId })).toMatchObject({ loggedIn: false, login: { status: 'cancelled' } });
  // What was revoked opens nothing.
  daemon.tokens.keep('hub', JSON.stringify([server.issuer, 'coppice']), running.flowId, {
    ...{ accessToken: 'x', tokenType: 'bearer', lifetimeMs: 1 },
    ...(refreshToken === undefined ? {} : { refreshToken }),
  });
  await expect(daemon.tokens.accessToken('hub')).rejects.toMatchObject({ details: { reason: 'login_required' } });
});

test('no token and no code is in the database, in an event, in an answer or in the log', async () => {
  await using setup = await setUp({ clientSecret: 'canary-of-the-client' });
  const { daemon, clock, opened } = setup;
  await logIn(setup);
  const first = setup.record();
  clock.advance(3_600_000);
  await daemon.tokens.accessToken('hub');
  const second = setup.record();
  const waiting = await daemon.logins.start('hub', origin);
  const code = daemon.files.readCode(waiting.flowId) as string;
  const answers = JSON.stringify([daemon.logins.status({ provider: 'hub' }), waiting, setup.events(), setup.log]);
  const database = [opened.path, `${opened.path}-wal`].map((path) => readFileSync(path, 'latin1')).join('');
  const secrets = [first, second].flatMap(({ accessToken, refreshToken = '' }) => [accessToken, refreshToken]);
  for (const secret of [...secrets, code, 'canary-of-the-client']) {
    expect(secret.length).toBeGreaterThan(10);
    expect(answers).not.toContain(secret);
    expect(database).not.toContain(secret);
  }
});
