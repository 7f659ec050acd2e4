// Tokens of logins against a real OAuth server. Time is moved by hand; only the answers of the server are waited for.
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createTokenFiles, type TokenRecord } from '../../../daemon/credentials/token-files.ts';
import { Config } from '../../../schemas/config.ts';

import { logIn, origin, setUp, uid } from './login-fixture.ts';

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
