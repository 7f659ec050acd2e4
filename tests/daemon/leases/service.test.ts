import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createIds } from '../../../daemon/kernel/ids.ts';
import { createKeyedQueue } from '../../../daemon/kernel/keyed-queue.ts';
import { byDaemon } from '../../../daemon/kernel/origin.ts';
import { createLeaseService, type LeaseRequest } from '../../../daemon/leases/service.ts';
import { isPortFree } from '../../../daemon/tools/free-port.ts';
import { limits } from '../../../schemas/limits.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { idOf, openTestStore, projectRow, sessionRow, worktreeRow } from '../../helpers/open-store.ts';

async function setUp(portRange = '50000-50003', busy: readonly number[] = []) {
  const clock = createManualClock();
  const opened = openTestStore({ clock });
  await opened.store.write((w) => {
    w.projects.insert(projectRow());
    for (const n of [1, 2, 3]) w.sessions.insert(sessionRow(n, n === 3 ? { status: 'failed', endedAt: 3 } : {}));
    w.worktrees.insert(worktreeRow(1));
  });
  const leases = createLeaseService({
    store: opened.store,
    clock,
    ids: createIds(clock),
    queue: createKeyedQueue(),
    isPortFree: async (port) => !busy.includes(port),
    portRange: () => portRange,
  });
  const reserve = (over: Partial<LeaseRequest> & { session?: number } = {}) => {
    const { session = 1, ...request } = over;
    const owner = { sessionId: idOf('ses', session) };
    return leases.reserve({ kind: 'port', key: 'WEB', pool: 'default', slots: 1, owner, ...request }, byDaemon);
  };
  return { leases, reserve, store: opened.store, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

test('two that ask at once never get the same port, nor one that is in use or reserved in another pool', async () => {
  using setup = await setUp('50000-50003', [50_001]);
  const keys = ['A', 'B', 'C'];
  const got = await Promise.all(keys.map((key) => setup.reserve({ key, pool: key })));
  expect(got.map(({ value }) => value)).toEqual(['50000', '50002', '50003']);
  await expect(setup.reserve({ key: 'D' })).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED', retryable: true });
  await expect(setup.reserve({ key: 'D', value: '50002', pool: 'other' })).rejects.toMatchObject({ kind: 'ALREADY_EXISTS' });
  await expect(setup.reserve({ key: 'D', value: '70000' })).rejects.toMatchObject({ kind: 'INVALID_PARAMS' });
});

test('a port that was given back is the last to be given again', async () => {
  using setup = await setUp('50000-50002');
  const first = await setup.reserve();
  await setup.leases.release(first.id, byDaemon);
  expect((await setup.reserve()).value).toBe('50001');
  expect((await setup.reserve({ key: 'B' })).value).toBe('50002');
  expect((await setup.reserve({ key: 'C' })).value).toBe('50000');
});

test('a key is one variable of its owner, so it is there once, in whatever case', async () => {
  using setup = await setUp();
  const lease = await setup.reserve({ key: 'web' });
  await expect(setup.reserve({ key: 'WEB', kind: 'name' })).rejects.toMatchObject({ kind: 'ALREADY_EXISTS', details: { id: lease.id } });
  expect((await setup.reserve({ key: 'WEB', session: 2 })).value).not.toBe(lease.value);
  const again = { kind: 'port', key: 'WEB', pool: 'default', slots: 1, owner: { sessionId: idOf('ses', 1) } } as const;
  expect(await setup.leases.ensure(again, byDaemon)).toEqual(lease);
});

test('slots count up to the size of their pool, and a freed one is given again', async () => {
  using setup = await setUp();
  const slot = (key: string, pool = 'gpus') => setup.reserve({ kind: 'slot', key, pool, slots: 2 });
  const first = await slot('A');
  expect([first.value, (await slot('B')).value, (await slot('C', 'licences')).value]).toEqual(['1', '2', '1']);
  await expect(slot('D')).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED' });
  await setup.leases.release(first.id, byDaemon);
  expect((await slot('D')).value).toBe('1');
});

test('an owner that has ended gets none, and nobody gets without bound', async () => {
  using setup = await setUp();
  await expect(setup.reserve({ session: 3, kind: 'name' })).rejects.toMatchObject({ kind: 'PRECONDITION' });
  for (let n = 0; n < limits.leasesPerOwner; n++) await setup.reserve({ kind: 'name', key: `K${n}` });
  await expect(setup.reserve({ kind: 'name', key: 'MORE' })).rejects.toMatchObject({ kind: 'LIMIT_EXCEEDED' });
});

test('a lease goes with the row of its owner', async () => {
  using setup = await setUp();
  await setup.reserve({ owner: { worktreeId: idOf('wt', 1) } });
  await setup.reserve({ kind: 'name' });
  await setup.store.write((w) => {
    w.sessions.remove(idOf('ses', 1));
    w.worktrees.remove(idOf('wt', 1));
  });
  expect(setup.leases.list({}, undefined, 10)).toEqual({ leases: [] });
});

test('a port is free only while nobody listens on it', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  expect(await isPortFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await isPortFree(port)).toBe(true);
});
