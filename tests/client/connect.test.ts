import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { reading } from '../../client/cli/reading.ts';
import { connect } from '../../client/index.ts';
import { Failure } from '../../schemas/index.ts';
import { FakeDaemon, ids } from './helpers/fake-daemon.ts';

const root = join(import.meta.dirname, '..', '..');

describe('connecting', () => {
  test('says hello with the range of protocols, a name, and the token of a session', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: { ...daemon.env, COPPICE_TOKEN: 'secret' }, clientName: 'editor', clientVersion: '9' });
    expect(daemon.calls[0]).toEqual({
      method: 'daemon.hello',
      params: { protocolVersion: { min: 1, max: 1 }, client: { name: 'editor', version: '9' }, token: 'secret' },
    });
    expect(client.hello).toMatchObject({ daemon: { bootId: 'boot1' }, cursor: 'e1:0' });
  });

  test('reports INCOMPATIBLE as it came, and goes on with it only when asked', async () => {
    await using daemon = await FakeDaemon.started({
      'daemon.hello': () => {
        throw new Failure('INCOMPATIBLE', 'The daemon speaks protocol 2; upgrade the client.', { details: { upgrade: 'client' } });
      },
      'daemon.stop': () => ({}),
      'daemon.status': () => ({
        daemon: { version: '2.0.0', pid: 1, bootId: 'b', startedAt: '' },
        uptimeMs: 0,
        rssBytes: 0,
        stopping: false,
        paths: { socket: '', database: '', config: '' },
        tmux: { available: true, running: false },
        counts: { projects: 0, sessionsByStatus: {}, worktrees: 0, terminals: 0, connections: 0, subscriptions: 0 },
        cursor: 'e1:0',
        configVersion: 1,
        restartRequired: [],
        configDrift: false,
        configDeferred: false,
        safeMode: false,
        upgradePending: false,
      }),
    });
    await expect(connect({ env: daemon.env })).rejects.toMatchObject({ kind: 'INCOMPATIBLE', details: { upgrade: 'client' } });
    await using client = await connect({ env: daemon.env, anyProtocol: true });
    expect(client.hello.daemon.version).toBe('2.0.0');
    expect(await client.daemon.stop()).toEqual({});
  });

  test('fails in one sentence when nobody answers', async () => {
    await using daemon = new FakeDaemon();
    await expect(connect({ env: daemon.env })).rejects.toThrow(
      `No daemon answers on "${daemon.socketPath}"; start one with "coppice daemon start".`,
    );
  });

  test.each([
    { variable: 'COPPICE_NO_AUTOSTART', value: '1', says: 'COPPICE_NO_AUTOSTART forbids starting one' },
    { variable: 'COPPICE_SESSION_ID', value: ids.session, says: 'none is started from inside a session' },
  ])('starts no daemon with $variable', async ({ variable, value, says }) => {
    await using daemon = new FakeDaemon();
    const env = { COPPICE_HOME: daemon.home, HOME: daemon.home, [variable]: value };
    await expect(connect({ env, autoStart: true })).rejects.toThrow(says);
  });

  test('waits for a daemon that holds its lock but does not listen yet', async () => {
    await using daemon = new FakeDaemon();
    mkdirSync(join(daemon.home, 'state'));
    const lockPath = join(daemon.home, 'state', 'daemon.lock');
    writeFileSync(lockPath, '');
    const { default: Database } = await import('better-sqlite3');
    const lock = new Database(lockPath);
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    try {
      const attempt = connect({ env: daemon.env });
      // The socket comes up only after the first attempt has failed: a server elsewhere shows that it is still trying.
      await new Promise((resolve) => setImmediate(resolve));
      await daemon.start();
      await using client = await attempt;
      expect(client.hello.daemon.bootId).toBe('boot1');
    } finally {
      lock.close();
    }
  });

  test('gives up when its signal fires, also while hello is not answered', async () => {
    await using daemon = new FakeDaemon();
    mkdirSync(join(daemon.home, 'run'));
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(daemon.socketPath, resolve));
    const leave = new AbortController();
    const attempt = connect({ env: daemon.env, signal: leave.signal });
    silent.once('connection', (socket) => socket.once('data', () => leave.abort(new Error('enough'))));
    await expect(attempt).rejects.toThrow('enough');
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('a client', () => {
  test('rejects calls in flight with CLOSED when the daemon goes away, and connects again for the next', async () => {
    await using daemon = await FakeDaemon.started({ 'session.get': () => new Promise(() => undefined) });
    await using client = await connect({ env: daemon.env });
    const pending = client.session.get({ id: 'x' });
    const settled = pending.catch((error: unknown) => error);
    await daemon.called('session.get');
    await daemon.stop();
    expect(await settled).toMatchObject({ code: 'CLOSED' });
    await daemon.start();
    expect(await client.daemon.ping()).toEqual({ pid: process.pid });
    expect(client.hello.daemon.bootId).toBe('boot2');
  });

  test('calls any method by name', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    expect(await client.call('daemon.ping')).toEqual({ pid: process.pid });
    await expect(client.call('sesion.list')).rejects.toMatchObject({ kind: 'METHOD_NOT_FOUND' });
  });

  test('refuses calls after it was closed', async () => {
    await using daemon = await FakeDaemon.started();
    const client = await connect({ env: daemon.env });
    await client.close();
    await expect(client.daemon.ping()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await daemon.until(() => daemon.connections === 0);
  });

  test('that was closed ends a read that would be asked again', async () => {
    await using daemon = await FakeDaemon.started({ 'session.get': () => new Promise(() => undefined) });
    const client = await connect({ env: daemon.env });
    const pending = reading(() => client.session.get({ id: 'x' })).catch((error: unknown) => error);
    await daemon.called('session.get');
    await client.close();
    expect(await pending).toMatchObject({ code: 'NOT_CONNECTED' });
  });

  test('is not mistaken for a promise', async () => {
    await using daemon = await FakeDaemon.started();
    await using client = await connect({ env: daemon.env });
    expect((client as unknown as { then?: unknown }).then).toBeUndefined();
  });
});

describe('what is loaded', () => {
  test.each([
    { what: 'the library', entry: 'client/index.ts', format: 'esm' as const },
    { what: 'the CLI', entry: 'client/cli/main.ts', format: 'cjs' as const },
  ])('$what holds neither zod, ws nor a native module', async ({ entry, format }) => {
    const { metafile } = await build({
      entryPoints: [join(root, entry)],
      bundle: true,
      platform: 'node',
      format,
      write: false,
      metafile: true,
      // The view of "top", which is a file of its own in the build.
      external: ['ink', 'react', 'string-width'],
      logLevel: 'silent',
    });
    const packages = Object.keys(metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
    expect([...new Set(packages)].sort()).toEqual(format === 'cjs' ? ['commander', 'json-rpc-2.0'] : ['json-rpc-2.0']);
    const rooms = new Set(Object.keys(metafile.inputs).map((path) => path.split('/')[0]));
    expect([...rooms].sort()).toEqual(['client', 'node_modules', 'rpc', 'schemas']);
  });
});
