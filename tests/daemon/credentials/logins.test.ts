// Logins and tokens against a real OAuth server. Time is moved by hand; only the answers of the server are waited for.
import { readdirSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Config } from '../../../schemas/config.ts';
import { until } from '../../helpers/until.ts';

import { createDaemon, ends, origin, setUp } from './login-fixture.ts';

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
