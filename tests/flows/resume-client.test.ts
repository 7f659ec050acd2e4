import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connect, Failure, isRpcClientError, type StreamItem } from '../../client/index.ts';
import { FakeDaemon } from '../client/helpers/fake-daemon.ts';
import { makeEvents, range, seqOf } from '../helpers/event-flow.ts';
import { isAlive } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, runCli, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

describe('a client', () => {
  test('learns with CLOSED that a call was cut off, and connects again for the next', async () => {
    await using home = createHome();
    const signals = createSignals(home);
    await using repo = await createTestRepo();
    await using daemon = await startRealDaemon({ home });
    const { client } = daemon;
    const project = await client.project.add({ path: repo.path });
    await repo.hook('post-checkout', `${signals.tell('checkout')}; ${signals.waitFor('go')}`);
    const inFlight = client.worktree.create({ project: project.id, branch: 'topic' }).catch((error: unknown) => error);
    await signals.lines('checkout');
    const { bootId } = client.hello.daemon;
    await daemon.kill('SIGKILL');
    const error = await inFlight;
    expect(isRpcClientError(error) && error.code).toBe('CLOSED');
    signals.open('go');
    await daemon.again();
    expect(await client.daemon.ping()).toEqual({ pid: daemon.pid });
    expect(client.hello.daemon.bootId).not.toBe(bootId);
  });

  test('follows several streams through a kill and a stop, each from its own position and with its own filter', async () => {
    await using daemon = await startRealDaemon();
    const { client } = daemon;
    const { cursor } = await client.daemon.hello({ protocolVersion: 1 });
    const end = new AbortController();
    const follow = (types?: string[]) => {
      const items: StreamItem[] = [];
      const over = (async () => {
        for await (const item of client.events({ after: cursor, signal: end.signal, ...(types && { types }) })) items.push(item);
      })();
      return { items, over, seqs: () => items.flatMap((item) => ('seq' in item && item.seq !== undefined ? [item.seq] : [])) };
    };
    const all = follow();
    const created = follow(['auth.tokenCreated']);
    await makeEvents(client, 600);
    await daemon.kill('SIGKILL');
    await daemon.again();
    await makeEvents(client, 600);
    await daemon.restart();
    await makeEvents(client, 600);
    const last = seqOf((await client.daemon.hello({ protocolVersion: 1 })).cursor);
    await until('both to have everything', () => all.seqs().at(-1) === last && created.seqs().length === 900);
    expect(all.seqs()).toEqual(range(seqOf(cursor) + 1, last));
    const kinds = new Map(all.items.flatMap((item) => ('seq' in item ? [[item.seq, item.type]] : [])) as [number, string][]);
    expect(created.seqs()).toEqual(all.seqs().filter((seq) => kinds.get(seq) === 'auth.tokenCreated'));
    end.abort();
    await Promise.all([all.over, created.over]);
    await until('their connections to be gone', async () => (await client.daemon.status()).counts.connections === 1);
  });

  test('begins anew, with the sessions of now, when the database is another one', async () => {
    await using daemon = await startRealDaemon({ commands: { live: commandFile('live', { steps: [shell('exec sleep 600')] }) } });
    await using repo = await createTestRepo();
    const session = await daemon.start(repo.path, 'live');
    const stream = daemon.client.events({ after: '0ther:5', initial: true });
    const { value } = await stream.next();
    expect(value).toMatchObject({ type: 'stream.fresh', sessions: [{ id: session.id }] });
    await makeEvents(daemon.client, 2);
    let next = await stream.next();
    // The session goes on by itself, so its own events may come in between.
    while (next.value && next.value.type !== 'auth.tokenCreated') next = await stream.next();
    expect(seqOf(next.value?.cursor ?? '')).toBeGreaterThan(seqOf(value?.cursor ?? ''));
    await stream.return();
  });
});

describe('a missing daemon', () => {
  test('is started by the library when asked, once, also by many at the same time', async () => {
    await using home = createHome();
    const env = home.env({ COPPICE_NO_AUTOSTART: undefined });
    await expect(connect({ env })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await expect(connect({ env: home.env(), autoStart: true })).rejects.toThrow(/COPPICE_NO_AUTOSTART/);
    await expect(connect({ env: { ...env, COPPICE_SESSION_ID: 'ses_1' }, autoStart: true })).rejects.toThrow(/inside a session/);
    const notices: string[] = [];
    const clients = await Promise.all(
      Array.from({ length: 5 }, () =>
        connect({ env, autoStart: true, reconnectMs: 50, onNotice: (sentence) => void notices.push(sentence) }),
      ),
    );
    const pids = new Set(clients.map(({ hello }) => hello.daemon.pid));
    expect(pids.size).toBe(1);
    expect(notices.length).toBeGreaterThan(0);
    const [pid] = pids;
    await until('those that lost the race to end', () => home.processes().every((found) => found.pid === pid));
    await clients[0]?.daemon.stop();
    await until('the daemon to end', () => !isAlive(pid as number));
    // One that was stopped on purpose is not started again by a client that was connected.
    await expect(clients[1]?.daemon.ping()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    expect(home.processes()).toEqual([]);
    for (const client of clients) await client.close();
  });
});

describe('protocol versions', () => {
  test('are compared as ranges, and an incompatible client can still see and stop the daemon', async () => {
    await using daemon = await startRealDaemon();
    const { client } = daemon;
    expect(await client.daemon.hello({ protocolVersion: { min: 1, max: 9 } })).toMatchObject({ protocolVersion: 1 });
    for (const protocolVersion of [2, { min: 2, max: 3 }]) {
      await expect(client.daemon.hello({ protocolVersion })).rejects.toMatchObject({
        kind: 'INCOMPATIBLE',
        details: { daemon: { min: 1, max: 1 }, upgrade: 'daemon' },
      });
    }
    expect(await client.daemon.status()).toMatchObject({ stopping: false });
    expect(isAlive(daemon.pid)).toBe(true);
  });

  test('of a newer daemon end the command line with 3 and what to upgrade, and nothing is killed', async () => {
    const refuse = (): never => {
      throw new Failure('INCOMPATIBLE', 'The client speaks protocol 1 to 1, coppiced 9.9.9 speaks 2 to 2; upgrade the client.', {
        details: { daemon: { min: 2, max: 2 }, client: { min: 1, max: 1 }, upgrade: 'client' },
      });
    };
    await using fake = await FakeDaemon.started({ 'daemon.hello': refuse });
    await using home = createHome();
    const env = { COPPICE_SOCKET: fake.socketPath, COPPICE_NO_AUTOSTART: undefined };
    const ps = await runCli(home, ['ps'], { env });
    expect(ps.exitCode).toBe(3);
    expect(ps.stderr).toMatch(/upgrade the client/);
    expect(ps.stdout).toBe('');
    expect(fake.connections).toBe(0);
    expect(fake.calls.filter(({ method }) => method !== 'daemon.hello')).toEqual([]);
  });
});

test('a process inside a session speaks with the rights of that session', async () => {
  await using daemon = await startRealDaemon();
  const { token } = await daemon.client.auth.createToken({ name: 'agent', scopes: ['session'] });
  await using client = await connect({ env: daemon.home.env({ COPPICE_TOKEN: token }) });
  expect(client.hello.scopes).toEqual(['session']);
  await expect(client.daemon.stop()).rejects.toMatchObject({ kind: 'FORBIDDEN' });
  const cli = await daemon.cli(['daemon', 'stop'], { env: { COPPICE_TOKEN: token } });
  expect(cli.exitCode).toBe(7);
  expect(isAlive(daemon.pid)).toBe(true);
  const log = readFileSync(join(daemon.home.stateDir, 'coppiced.log'), 'utf8');
  expect(log).not.toContain(token);
});
