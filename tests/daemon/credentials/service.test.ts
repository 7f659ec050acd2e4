import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCredentialService } from '../../../daemon/credentials/service.ts';
import { Config } from '../../../schemas/config.ts';
import { limits } from '../../../schemas/limits.ts';
import { createTempDir } from '../../helpers/temp-dir.ts';

const uid = process.getuid?.() ?? 0;

function setUp(environment: Record<string, string> = {}) {
  const dir = createTempDir();
  const secret = (name: string, text: string, mode = 0o600): string => {
    writeFileSync(dir.at(name), text);
    chmodSync(dir.at(name), mode);
    return dir.at(name);
  };
  const configured: Record<string, object> = {};
  const credentials = createCredentialService({
    configured: () => Config.parse({ credentials: configured }).credentials,
    environment: { CREDENTIALS_DIRECTORY: dir.at('systemd'), ...environment },
    uid,
    tokens: { assertLoggedIn: () => undefined, accessToken: async (provider) => `token of ${provider}` },
  });
  mkdirSync(dir.at('systemd'));
  return { dir, secret, configured, credentials, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test('a secret comes from a variable of the client, else of the daemon; a private file; systemd; or a login', async () => {
  using setup = setUp({ HUB_TOKEN: 'daemons', ONLY_HERE: 'here' });
  const { configured, credentials, secret } = setup;
  configured.hub = { env: 'HUB_TOKEN' };
  configured.own = { env: 'ONLY_HERE' };
  configured.file = { file: secret('key', 'line one\nline two\n') };
  configured.unit = { systemd: 'unit' };
  configured.login = { oauth: 'provider' };
  secret('systemd/unit', 'handed over\r\n', 0o400);
  const { values } = credentials.take({ HUB_TOKEN: 'clients' }, ['hub', 'own']);
  const resolved = await Promise.all(['hub', 'own', 'file', 'unit', 'login'].map((name) => credentials.resolve(name, values)));
  expect(resolved).toEqual(['clients', 'here', 'line one\nline two', 'handed over', 'token of provider']);
  expect(await credentials.resolve('hub', {})).toBe('daemons');
});

test('a variable that stands for a credential is taken out of the environment, also when nobody names the credential', () => {
  using setup = setUp();
  setup.configured.hub = { env: 'HUB_TOKEN' };
  setup.configured.other = { env: 'OTHER' };
  const given = { HUB_TOKEN: 'x', OTHER: 'y', PATH: '/bin' };
  expect(setup.credentials.take(given, ['hub'])).toEqual({ environment: { PATH: '/bin' }, values: { hub: 'x' } });
  expect(setup.credentials.take(given, [])).toEqual({ environment: { PATH: '/bin' }, values: {} });
});

test.each([0o640, 0o604, 0o644, 0o620])('a file of mode %o is refused, with what to do', (mode) => {
  using setup = setUp();
  setup.configured.file = { file: setup.secret('key', 'canary', mode) };
  expect(() => setup.credentials.check('file', {})).toThrow(
    expect.objectContaining({ kind: 'PRECONDITION', message: expect.stringMatching(/mode 0600; run "chmod 600"/) }),
  );
});

test('what others own, what is no file, and what is too large is refused; a pipe is not waited for', () => {
  using setup = setUp();
  const { configured, credentials, dir, secret } = setup;
  configured.large = { file: secret('large', 'x'.repeat(limits.ownFileBytes + 1)) };
  configured.folder = { file: dir.at('systemd') };
  spawnSync('mkfifo', ['-m', '600', dir.at('pipe')]);
  configured.pipe = { file: dir.at('pipe') };
  for (const name of ['large', 'folder', 'pipe']) {
    expect(() => credentials.check(name, {}), name).toThrow(expect.objectContaining({ kind: 'PRECONDITION' }));
  }
});

test('what is missing, empty or cannot be a variable is told by the name of the credential, and never by its content', () => {
  using setup = setUp();
  const { configured, credentials, secret } = setup;
  configured.gone = { file: setup.dir.at('gone') };
  configured.empty = { file: secret('empty', '\n') };
  configured.nul = { file: secret('nul', 'canary\0canary') };
  configured.unset = { env: 'UNSET' };
  configured.unit = { systemd: 'unit' };
  for (const name of ['gone', 'empty', 'nul', 'unset', 'unit']) {
    expect(() => credentials.check(name, {}), name).toThrow(
      expect.objectContaining({ kind: 'PRECONDITION', message: expect.stringContaining(`"${name}"`) }),
    );
    expect(() => credentials.check(name, {}), name).not.toThrow(/canary/);
  }
});

test('a credential that is not configured is told with the nearest name', () => {
  using setup = setUp();
  setup.configured.github = { env: 'X' };
  expect(() => setup.credentials.assertKnown(['github', 'gihtub'])).toThrow(/\[credentials\.gihtub\].*Did you mean "github"/);
  expect(() => setup.credentials.assertKnown(['constructor'])).toThrow(expect.objectContaining({ kind: 'PRECONDITION' }));
});

test('the secret of a client cannot come from a login', () => {
  using setup = setUp({ X: 'x' });
  setup.configured.login = { oauth: 'provider' };
  setup.configured.plain = { env: 'X' };
  expect(setup.credentials.clientSecret('plain')).toBe('x');
  expect(() => setup.credentials.clientSecret('login')).toThrow(expect.objectContaining({ kind: 'PRECONDITION' }));
});

test.each([
  { credentials: { Hub: { env: 'X' } } },
  { credentials: { hub: {} } },
  { credentials: { hub: { env: 'X', file: '/x' } } },
  { credentials: { hub: { file: 'relative' } } },
  { credentials: { hub: { systemd: '../x' } } },
  { credentials: { hub: { env: 'A-B' } } },
  { credentials: { hub: { secret: 'in clear' } } },
  { auth: { hub: { client_id: 'x' } } },
  { auth: { hub: { client_id: 'x', issuer: 'http://hub.example' } } },
  { auth: { hub: { client_id: 'x', issuer: 'http://localhost:80@hub.example' } } },
  { auth: { hub: { client_id: 'x', issuer: 'http://localhost.hub.example' } } },
  { auth: { hub: { client_id: 'x', token_endpoint: 'https://hub.example/token' } } },
  { auth: { hub: { client_id: 'x', issuer: 'https://hub.example', token_endpoint: 'https://hub.example/token' } } },
])('%j is no configuration', (config) => {
  expect(Config.safeParse(config).success).toBe(false);
});
