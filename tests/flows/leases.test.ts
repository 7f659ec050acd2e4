// Ports, names and slots that belong to a session or a worktree.
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { connect } from '../../client/index.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { createWorktree } from '../helpers/worktrees.ts';

test('leases of a command are free, reach its steps, and end with it', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const busy = createServer();
  const busyPort = await new Promise<number>((resolve) =>
    busy.listen(0, '127.0.0.1', () => resolve((busy.address() as { port: number }).port)),
  );
  const signals = createSignals(home);
  const leases = [
    { key: 'web', kind: 'port' },
    { key: 'db_name', kind: 'name' },
    { key: 'gpu', kind: 'slot', pool: 'gpus', slots: 1 },
  ];
  const steps = [
    shell(`${signals.tell('env', '$COPPICE_LEASE_WEB $COPPICE_LEASE_DB_NAME $COPPICE_LEASE_GPU')}; ${signals.waitFor('gate')}`),
  ];
  await using daemon = await startRealDaemon({
    home,
    config: `[leases]\nports = "${busyPort}-${busyPort + 20}"\n`,
    commands: { serve: commandFile('serve', { leases, steps }) },
  });
  const session = await daemon.start(repo.path, 'serve');
  const [line = ''] = await signals.lines('env');
  const [port, name, slot] = line.split(' ');
  expect(Number(port)).toBeGreaterThan(busyPort);
  expect(name).toMatch(/^db-name-[0-9a-z]{4}$/);
  expect(slot).toBe('1');
  const held = await daemon.client.lease.list({ session: session.id });
  expect(held.leases.map(({ key, value }) => [key, value]).toReversed()).toEqual([
    ['web', port],
    ['db_name', name],
    ['gpu', '1'],
  ]);

  // The pool is empty: a second session fails before its first step.
  const second = await daemon.ended((await daemon.start(repo.path, 'serve')).id);
  expect(second).toMatchObject({ status: 'failed', error: expect.stringContaining('gpus') });
  expect(await daemon.client.lease.list({ session: second.id })).toEqual({ leases: [] });
  await expect(daemon.client.lease.reserve({ kind: 'port', key: 'A', value: port as string, session: session.id })).rejects.toMatchObject({
    kind: 'ALREADY_EXISTS',
  });
  await expect(daemon.client.lease.reserve({ kind: 'port', key: 'A', value: String(busyPort), session: session.id })).rejects.toMatchObject(
    { kind: 'PRECONDITION', details: { reason: 'port_in_use' } },
  );
  await expect(daemon.client.lease.reserve({ kind: 'port', key: 'A' })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });

  signals.open('gate');
  await daemon.ended(session.id);
  expect(await daemon.client.lease.list({})).toEqual({ leases: [] });
  const released = (await daemon.events({ types: ['lease.released'] })).map(({ data }) => (data as { key: string }).key);
  expect(released.toSorted()).toEqual(['db_name', 'db_name', 'gpu', 'web', 'web']);
  busy.close();
});

test('a lease of a worktree reaches the sessions in it and ends with it; a session takes leases for itself alone', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const hold = [shell(`${signals.tell('token', '$COPPICE_TOKEN')}; ${signals.waitFor('gate')}`)];
  await using daemon = await startRealDaemon({ home, commands: { hold: commandFile('hold', { steps: hold }) } });
  const worktree = await createWorktree(daemon, repo, 'work');
  const lease = await daemon.client.lease.reserve({ kind: 'port', key: 'WEB', worktree: worktree.id });
  expect(Number(lease.value)).toBeGreaterThanOrEqual(41_000);
  const session = await daemon.start(repo.path, 'hold');
  const [token = ''] = await signals.lines('token');

  const inside = await connect({ socketPath: home.socketPath, env: { ...home.env(), COPPICE_TOKEN: token }, token, clientName: 'inside' });
  const own = await inside.lease.reserve({ kind: 'name', key: 'MINE' });
  expect(own.sessionId).toBe(session.id);
  await expect(inside.lease.reserve({ kind: 'port', key: 'X', worktree: worktree.id })).rejects.toMatchObject({ kind: 'FORBIDDEN' });
  await expect(inside.lease.release({ id: lease.id })).rejects.toMatchObject({ kind: 'FORBIDDEN' });
  await inside.artifact.put({ session: session.id, name: 'own.txt', content: 'mine' });
  await inside.close();

  const listed = await daemon.cli(['leases', '--session', session.slug]);
  expect(listed.stdout).toContain(own.value);
  const reserved = await daemon.cli(['leases', 'reserve', 'slot', 'S', '--session', session.slug, '--slots', '2']);
  expect(reserved.stdout).toBe('1\n');
  expect((await daemon.cli(['leases', 'release', own.id])).exitCode).toBe(0);
  expect(await daemon.cli(['leases', 'release', 'WEB'])).toMatchObject({
    exitCode: 2,
    stderr: 'coppice: The parameters of "lease.release" are wrong: "id" is not the id of a lease; "coppice leases" lists them.\n',
  });

  await daemon.client.worktree.remove({ worktree: worktree.id });
  expect((await daemon.client.lease.list({})).leases.map(({ key }) => key)).toEqual(['S']);
  signals.open('gate');
  await daemon.ended(session.id);
});

test('the leases of a worktree that is removed by force come back with it, and what somebody else has by then is told', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const { client } = daemon;
  const worktree = await createWorktree(daemon, repo, 'work');
  const other = await createWorktree(daemon, repo, 'other');
  const reserve = (kind: 'port' | 'name' | 'slot', key: string, more: { value?: string; pool?: string; slots?: number } = {}) =>
    client.lease.reserve({ kind, key, worktree: worktree.id, ...more });
  const held = [
    await reserve('port', 'WEB'),
    await reserve('name', 'DB', { value: 'shop-test' }),
    await reserve('slot', 'GPU', { pool: 'gpus', slots: 2 }),
  ];
  const busy = await reserve('port', 'API');
  const taken = await reserve('name', 'CACHE', { value: 'shop-cache' });
  const values = async (id: string) =>
    (await client.lease.list({ worktree: id })).leases.map(({ kind, key, pool, value }) => ({ kind, key, pool, value })).toReversed();
  const before = await values(worktree.id);

  await client.worktree.remove({ worktree: worktree.id, force: true });
  expect(await client.lease.list({})).toEqual({ leases: [] });
  await client.lease.reserve({ kind: 'name', key: 'MINE', value: taken.value, worktree: other.id });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(Number(busy.value), '127.0.0.1', resolve));
  const back = await daemon.cli(['worktree', 'restore', worktree.id]);
  server.close();

  expect(back).toMatchObject({ exitCode: 0, stdout: `${worktree.path}\n` });
  expect(back.stderr).toContain(`The port "${busy.value}" that the worktree held as "API" is in use by a program;`);
  expect(back.stderr).toContain('The name "shop-cache" that the worktree held as "CACHE" is reserved by somebody else;');
  expect(await values(worktree.id)).toEqual(before.slice(0, held.length));
  const command = /"coppice (leases reserve name CACHE [^"]*)"/.exec(back.stderr)?.[1] ?? '';
  expect(await daemon.cli(command.split(' '))).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^cache-/) });

  await client.worktree.remove({ worktree: worktree.id, force: true });
  const again = await client.call('worktree.restore', { id: worktree.id, idempotencyKey: 'back' });
  expect(again).toMatchObject({ warnings: [], leases: [{ key: 'WEB' }, { key: 'DB' }, { key: 'GPU' }, { key: 'CACHE' }] });
  expect(await client.call('worktree.restore', { id: worktree.id, idempotencyKey: 'back' })).toEqual(again);
});
