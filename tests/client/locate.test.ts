import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect, locate, readEndpoint } from '../../client/index.ts';
import { FakeDaemon } from './helpers/fake-daemon.ts';

const home = '/home/u';

describe('places', () => {
  test('follow XDG', () => {
    const env = { XDG_RUNTIME_DIR: '/run/user/7', XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: '/c' };
    expect(locate({ env, home })).toMatchObject({
      socketPath: '/run/user/7/coppice/coppice.sock',
      stateDir: '/s/coppice',
      endpointPath: '/s/coppice/endpoint.json',
      configPath: '/c/coppice/config.toml',
      unitDir: '/c/systemd/user',
      socketChosen: false,
      ownHome: false,
    });
  });

  test('fall back to the home directory, and to the state directory for the socket', () => {
    expect(locate({ env: { XDG_STATE_HOME: 'not/absolute' }, home })).toMatchObject({
      socketPath: '/home/u/.local/state/coppice/run/coppice.sock',
      configPath: '/home/u/.config/coppice/config.toml',
    });
  });

  test('are all below COPPICE_HOME when it is set', () => {
    const env = { COPPICE_HOME: '/h', XDG_RUNTIME_DIR: '/run/user/7', XDG_STATE_HOME: '/s' };
    expect(locate({ env, home })).toMatchObject({
      socketPath: '/h/run/coppice.sock',
      stateDir: '/h/state',
      configPath: '/h/config/config.toml',
      ownHome: true,
    });
  });

  test('take the socket from the option, then from COPPICE_SOCKET', () => {
    const env = { COPPICE_SOCKET: '/a.sock' };
    expect(locate({ env, home })).toMatchObject({ socketPath: '/a.sock', socketChosen: true });
    expect(locate({ env, home, socketPath: '/b.sock' })).toMatchObject({ socketPath: '/b.sock' });
  });

  test('refuse a socket path that the kernel would cut', () => {
    const socketPath = `/${'x'.repeat(107)}`;
    expect(() => locate({ env: {}, home, socketPath })).toThrow(/has 108 bytes, but a Unix socket path may have 107/);
    expect(locate({ env: {}, home, socketPath: socketPath.slice(0, -1) }).socketPath).toHaveLength(107);
  });

  test('refuse what is not absolute', () => {
    expect(() => locate({ env: { COPPICE_HOME: 'h' }, home })).toThrow('COPPICE_HOME "h" is not absolute');
    expect(() => locate({ env: {}, home, socketPath: 'x.sock' })).toThrow('"x.sock" is not absolute');
  });
});

describe('endpoint.json', () => {
  let folder: string;
  let path: string;
  const endpoint = { pid: 1, bootId: 'b', version: '1', socketPath: '/x/coppice.sock' };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'copcli-'));
    path = join(folder, 'endpoint.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is read when it is ours alone', () => {
    writeFileSync(path, JSON.stringify(endpoint), { mode: 0o600 });
    expect(readEndpoint(path)).toEqual(endpoint);
  });

  test('may be absent', () => {
    expect(readEndpoint(path)).toBeUndefined();
  });

  test.each([0o644, 0o660, 0o602])('is refused with mode %o', (mode) => {
    writeFileSync(path, JSON.stringify(endpoint));
    chmodSync(path, mode);
    expect(() => readEndpoint(path)).toThrow(new RegExp(`has mode 0${mode.toString(8)}, but only its owner may`));
  });

  test('is refused when it is not JSON or names no socket', () => {
    writeFileSync(path, '{', { mode: 0o600 });
    expect(() => readEndpoint(path)).toThrow(/is not JSON/);
    writeFileSync(path, '{"pid":1}', { mode: 0o600 });
    expect(() => readEndpoint(path)).toThrow(/names no socket/);
  });

  test('names the socket of a daemon that listens elsewhere', async () => {
    await using daemon = await FakeDaemon.started();
    const own = join(folder, 'own', 'state', 'endpoint.json');
    mkdirSync(dirname(own), { recursive: true });
    writeFileSync(own, JSON.stringify({ ...endpoint, socketPath: daemon.socketPath }), { mode: 0o600 });
    await using client = await connect({ env: { COPPICE_HOME: join(folder, 'own'), HOME: folder } });
    expect(client.socketPath).toBe(daemon.socketPath);
  });

  test('is not asked when the socket was named', async () => {
    await using daemon = await FakeDaemon.started();
    mkdirSync(join(folder, 'state'));
    writeFileSync(join(folder, 'state', 'endpoint.json'), JSON.stringify({ ...endpoint, socketPath: daemon.socketPath }), { mode: 0o600 });
    const attempt = connect({ env: { COPPICE_HOME: folder, HOME: folder }, socketPath: join(folder, 'none.sock') });
    await expect(attempt).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });
});
