import { expect, test } from 'vitest';
import { resolvePaths } from '../../../daemon/root/paths.ts';
import { isFailure } from '../../../schemas/errors.ts';

const home = '/home/ada';
const failureOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

test('without variables everything is below the home directory, the socket in the state directory', () => {
  expect(resolvePaths({ env: {}, home })).toMatchObject({
    runDir: '/home/ada/.local/state/coppice/run',
    socketPath: '/home/ada/.local/state/coppice/run/coppice.sock',
    tmuxSocketPath: '/home/ada/.local/state/coppice/run/tmux.sock',
    databasePath: '/home/ada/.local/state/coppice/coppice.db',
    lockPath: '/home/ada/.local/state/coppice/daemon.lock',
    endpointPath: '/home/ada/.local/state/coppice/endpoint.json',
    tokenPath: '/home/ada/.local/state/coppice/token',
    worktreesDir: '/home/ada/.local/share/coppice/worktrees',
    configPath: '/home/ada/.config/coppice/config.toml',
    userCommandsDir: '/home/ada/.config/coppice/commands',
  });
});

test('each XDG variable moves its part', () => {
  const env = { XDG_RUNTIME_DIR: '/run/user/1', XDG_STATE_HOME: '/s', XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c' };
  expect(resolvePaths({ env, home })).toMatchObject({
    socketPath: '/run/user/1/coppice/coppice.sock',
    stateDir: '/s/coppice',
    worktreesDir: '/d/coppice/worktrees',
    configPath: '/c/coppice/config.toml',
  });
});

test.each(['relative/path', ''])('an XDG variable that is "%s" is ignored, as XDG says', (value) => {
  const env = { XDG_RUNTIME_DIR: value, XDG_STATE_HOME: value, XDG_DATA_HOME: value, XDG_CONFIG_HOME: value };
  expect(resolvePaths({ env, home })).toEqual(resolvePaths({ env: {}, home }));
});

test('COPPICE_HOME replaces them all', () => {
  const env = { COPPICE_HOME: '/x', XDG_RUNTIME_DIR: '/run/user/1', XDG_STATE_HOME: '/s', XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c' };
  const paths = resolvePaths({ env, home });
  expect(paths).toMatchObject({
    socketPath: '/x/run/coppice.sock',
    tmuxSocketPath: '/x/run/tmux.sock',
    databasePath: '/x/state/coppice.db',
    worktreesDir: '/x/data/worktrees',
    configPath: '/x/config/config.toml',
  });
  for (const path of Object.values(paths).filter((value) => typeof value === 'string')) expect(path).toMatch(/^\/x\//);
});

test('the socket: flag before variable before place, and an empty variable is none', () => {
  const env = { COPPICE_SOCKET: '/tmp/env.sock' };
  expect(resolvePaths({ env, home, socket: '/tmp/flag.sock' }).socketPath).toBe('/tmp/flag.sock');
  expect(resolvePaths({ env, home }).socketPath).toBe('/tmp/env.sock');
  expect(resolvePaths({ env: { COPPICE_SOCKET: '', COPPICE_HOME: '' }, home })).toEqual(resolvePaths({ env: {}, home }));
  expect(resolvePaths({ env: {}, home, config: '/etc/c.toml' }).configPath).toBe('/etc/c.toml');
});

test.each([{ COPPICE_HOME: 'x' }, { COPPICE_SOCKET: 'run/x.sock' }])('%o is refused: paths are absolute', (env) => {
  expect(failureOf(() => resolvePaths({ env, home }))).toMatchObject({
    kind: 'PRECONDITION',
    message: expect.stringContaining('not absolute'),
  });
});

test('a socket path may have 107 bytes and not one more, counted as UTF-8', () => {
  const socketOf = (bytes: number): string => `/${'s'.repeat(bytes - 1)}`;
  expect(resolvePaths({ env: {}, home, socket: socketOf(107) }).socketPath).toHaveLength(107);
  const refused = failureOf(() => resolvePaths({ env: {}, home, socket: socketOf(108) }));
  expect(isFailure(refused) && refused.details).toEqual({ reason: 'unusable_path' });
  expect(isFailure(refused) && refused.message).toContain('108 bytes');
  expect(isFailure(failureOf(() => resolvePaths({ env: {}, home, socket: `/${'é'.repeat(54)}` })))).toBe(true);
});

test('the sockets of tmux are held to the same length, also that of the last server', () => {
  const env = { COPPICE_HOME: `/${'h'.repeat(100)}`, COPPICE_SOCKET: '/tmp/short.sock' };
  expect(failureOf(() => resolvePaths({ env, home }))).toMatchObject({
    kind: 'PRECONDITION',
    message: expect.stringContaining('tmux-31.sock'),
  });
});
