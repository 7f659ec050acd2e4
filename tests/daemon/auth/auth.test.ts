import { expect, test } from 'vitest';
import { accessOf, owner } from '../../../daemon/auth/caller.ts';
import { createAuthService } from '../../../daemon/auth/service.ts';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { methods } from '../../../schemas/contract.ts';
import { accessLevels, type Method, type Scope, scopes } from '../../../schemas/define.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectRow, sessionRow } from '../../helpers/open-store.ts';

function setUp() {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  const file = { token: 'owner-token' };
  const auth = createAuthService({ store: opened.store, clock, ids: createIds(clock), ownerToken: () => file.token });
  return { ...opened, opened, clock, auth, file, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

const grants: readonly (readonly [Scope, readonly string[]])[] = [
  ['session', ['public', 'session', 'read']],
  ['read', ['public', 'read']],
  ['operate', ['public', 'session', 'read', 'operate']],
  ['approve', ['public', 'read', 'approve']],
  ['admin', ['public', 'session', 'read', 'operate', 'approve', 'admin']],
];

test.each(grants)('the scope %s opens %j', (scope, access) => {
  expect(accessLevels.filter((level) => accessOf([scope]).has(level))).toEqual(access);
});

test('the table names every scope; no scope at all opens what is public; scopes add up', () => {
  expect(grants.map(([scope]) => scope)).toEqual([...scopes]);
  expect([...accessOf([])]).toEqual(['public']);
  expect(accessLevels.filter((level) => accessOf(['approve', 'operate']).has(level))).toEqual([
    'public',
    'session',
    'read',
    'operate',
    'approve',
  ]);
  expect(owner.access).toEqual(new Set(accessLevels));
});

test('a process inside a session can read, and neither start, cancel, approve nor administer', () => {
  const allowed = Object.entries(methods as Record<string, Method>).filter(([, { access }]) => accessOf(['session']).has(access));
  const names = allowed.map(([name]) => name);
  expect(names).toContain('session.get');
  for (const name of [
    'session.start',
    'session.cancel',
    'worktree.remove',
    'terminal.send',
    'auth.createToken',
    'daemon.stop',
    'config.reload',
  ]) {
    expect(names).not.toContain(name);
  }
});

test('the token of the owner is the owner, and a rotated one counts at once', () => {
  using setup = setUp();
  expect(setup.auth.callerOf('owner-token')).toBe(owner);
  setup.file.token = 'rotated';
  expect(setup.auth.callerOf('owner-token')).toBeUndefined();
  expect(setup.auth.callerOf('rotated')).toBe(owner);
});

test('a made token is shown once, kept as a hash only, and stands for its scopes', async () => {
  using setup = setUp();
  const { auth, store } = setup;
  const made = await auth.create({ name: 'editor', scopes: ['read', 'operate', 'read'] }, 'owner');
  expect(made).toMatchObject({ name: 'editor', scopes: ['read', 'operate'], token: expect.stringMatching(/^[0-9a-z]{40}$/) });
  expect(auth.callerOf(made.token)).toMatchObject({ actor: 'token:editor', scopes: ['read', 'operate'], tokenId: made.id });
  expect(JSON.stringify(store.read((r) => [r.tokens.get(made.id), r.events.page(0, 10)]))).not.toContain(made.token);
  expect(JSON.stringify(auth.list(undefined, 10))).not.toContain(made.token);
  expect(store.read((r) => r.events.page(0, 10).map(({ type }) => type))).toEqual(['auth.tokenCreated']);
});

test('a wrong, an expired and a revoked token stand for nobody', async () => {
  using setup = setUp();
  const { auth, clock } = setup;
  const expiresAt = new Date(clock.now() + 1000).toISOString();
  const short = await auth.create({ name: 'short', scopes: ['read'], expiresAt }, 'owner');
  const long = await auth.create({ name: 'long', scopes: ['read'] }, 'owner');
  expect(auth.callerOf('')).toBeUndefined();
  expect(auth.callerOf('wrong')).toBeUndefined();
  expect(auth.callerOf(short.token)).toBeDefined();
  clock.advance(1000);
  expect(auth.callerOf(short.token)).toBeUndefined();
  expect(await auth.revoke('long', 'owner')).toMatchObject({ id: long.id });
  expect(auth.callerOf(long.token)).toBeUndefined();
  await auth.revoke(long.id, 'owner');
  await expect(auth.revoke('long', 'owner')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  expect(setup.store.read((r) => r.events.page(0, 10).filter(({ type }) => type === 'auth.tokenRevoked'))).toHaveLength(1);
});

test('a name is taken until its token is revoked', async () => {
  using setup = setUp();
  const { auth } = setup;
  await auth.create({ name: 'ci', scopes: ['read'] }, 'owner');
  await expect(auth.create({ name: 'ci', scopes: ['read'] }, 'owner')).rejects.toMatchObject({ kind: 'ALREADY_EXISTS' });
  await auth.revoke('ci', 'owner');
  await auth.create({ name: 'ci', scopes: ['read'] }, 'owner');
  expect(auth.list(undefined, 10).tokens.map(({ revokedAt }) => revokedAt !== undefined)).toEqual([false, true]);
});

test.each(['2029-12-31T23:59:59Z', 'next week'])('the end %j is refused: it is not to come', async (expiresAt) => {
  using setup = setUp();
  await expect(setup.auth.create({ name: 'x', scopes: ['read'], expiresAt }, 'owner')).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
});

test('the token of a session has its scope alone, names the session, is in no list, and ends with it', async () => {
  using setup = setUp();
  const { auth, store } = setup;
  const secret = auth.newSecret();
  const id = idOf('ses', 1);
  await store.write((w) => {
    w.projects.insert(projectRow());
    w.sessions.insert(sessionRow(1));
    auth.issueForSession(w, id, secret);
  });
  expect(auth.callerOf(secret)).toMatchObject({ actor: `session:${id}`, scopes: ['session'], sessionId: id });
  expect(auth.list(undefined, 10).tokens).toEqual([]);
  await store.write((w) => w.tokens.revokeOfSession(id, setup.clock.now()));
  expect(auth.callerOf(secret)).toBeUndefined();
});

test('tokens are listed newest first, a page at a time', async () => {
  using setup = setUp();
  for (const name of ['a', 'b', 'c']) await setup.auth.create({ name, scopes: ['read'] }, 'owner');
  const first = setup.auth.list(undefined, 2);
  expect(first.tokens.map(({ name }) => name)).toEqual(['c', 'b']);
  const second = setup.auth.list(first.nextCursor, 2);
  expect(second.tokens.map(({ name }) => name)).toEqual(['a']);
  expect(second.nextCursor).toBeUndefined();
});
