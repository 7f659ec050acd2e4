// Secrets by reference, from outside: the step that names one has it, and nothing else ever shows it.
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { Listener } from '../helpers/event-flow.ts';
import { startOAuthServer } from '../helpers/oauth-server.ts';
import { commandLines } from '../helpers/processes.ts';
import { commandFile, createSignals, shell } from '../helpers/programs.ts';
import { createHome, type Home, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

/** Files below the state directory that hold the text, by their path in there. */
function holding(home: Home, text: string): string[] {
  return readdirSync(home.stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readFileSync(path, 'latin1').includes(text))
    .map((path) => relative(home.stateDir, path));
}

function privateFile(path: string, text: string, mode = 0o600): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const canaries = { variable: 'canary-variable-5e1f', file: 'canary-file-77aa', systemd: 'canary-systemd-c0de' };

function configOf(home: Home): string {
  mkdirSync(home.path('systemd'));
  privateFile(home.path('systemd/unit'), canaries.systemd, 0o400);
  return `
[daemon]
log_level = "trace"
[credentials]
variable = { env = "HUB_TOKEN" }
systemd = { systemd = "unit" }
[credentials.file]
file = ${JSON.stringify(privateFile(home.path('key'), `${canaries.file}\n`))}
`;
}

const all = { FROM_VARIABLE: 'variable', FROM_FILE: 'file', FROM_SYSTEMD: 'systemd' };
const lengths = Object.values(canaries).map((text) => text.length);
// By length: the text of a step is in its record, as it is no secret.
const seesAll = `test "\${#FROM_VARIABLE} \${#FROM_FILE} \${#FROM_SYSTEMD}" = "${lengths.join(' ')}"`;
const seesNone = `test -z "$FROM_VARIABLE$FROM_FILE$FROM_SYSTEMD$HUB_TOKEN"`;
const shown = 'echo "$FROM_VARIABLE $FROM_FILE"; echo "$FROM_SYSTEMD"';

for (const { where, extra } of [
  { where: 'a process', extra: {} },
  { where: 'a terminal', extra: { session: {} } },
]) {
  test(`a step in ${where} has the credentials it names, no other step has, and they show nowhere but in what it prints itself`, async () => {
    await using repo = await createTestRepo();
    await using home = createHome();
    const signals = createSignals(home);
    const publish =
      'echo "secret=$FROM_VARIABLE" >> "$COPPICE_OUTPUT_FILE"; echo "{\\"$FROM_FILE\\": [\\"$FROM_SYSTEMD\\"]}" >> "$COPPICE_OUTPUT_FILE"';
    await using daemon = await startRealDaemon({
      home,
      env: { CREDENTIALS_DIRECTORY: home.path('systemd') },
      config: configOf(home),
      commands: {
        secret: commandFile('secret', {
          ...extra,
          pre_steps: ['setup-environment', 'gather-context'],
          steps: [
            shell(`${seesNone} && test -z "$CREDENTIALS_DIRECTORY"`),
            shell(`${seesAll} && ${signals.tell('running')}; ${signals.waitFor('gate')}`, { credentials: all }),
            shell(`${publish}; ${shown}; exit 3`, { credentials: all }),
          ],
          cleanup_on_failure: [shell(seesNone)],
          finally_steps: ['store-artifacts'],
        }),
      },
    });
    await using listener = await Listener.to(home.socketPath);
    const received = await listener.subscribe({ types: ['*'] });
    const project = await daemon.client.project.add({ path: repo.path });
    const plan = await daemon.client.command.plan({ project: project.id, name: 'secret' });
    const environment = { ...home.env(), HUB_TOKEN: canaries.variable };

    const session = await daemon.client.session.start({ project: project.id, command: 'secret', environment });
    await signals.lines('running');
    const running = commandLines();
    signals.open('gate');
    const ended = await daemon.ended(session.id);

    expect(ended.stepRuns.filter(({ phase }) => phase === 'main').map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['succeeded', 0],
      ['succeeded', 0],
      ['failed', 3],
    ]);
    expect(ended.stepRuns.filter(({ phase }) => phase !== 'main' && phase !== 'lifecycle').map(({ status }) => status)).not.toContain(
      'failed',
    );
    expect(ended.error).toContain('exit code 3. Its last lines:\n*** ***\n***');
    expect(ended.sharedData).toMatchObject({ secret: '***', '***': ['***'] });
    expect(plan.steps.find(({ index }) => index === 5)?.credentials).toEqual(['variable', 'file', 'systemd']);
    await received.reaches((await daemon.events()).at(-1)?.seq as number);
    const frames = JSON.stringify([plan, ended, received.events, await daemon.client.session.list({}), await daemon.client.config.get({})]);
    await daemon.stop();
    const log = ended.stepRuns.find(({ exitCode }) => exitCode === 3)?.outputPath as string;
    for (const canary of Object.values(canaries)) {
      expect(running).not.toContain(canary);
      expect(frames).not.toContain(canary);
      // What a step prints is the user's own, byte for byte.
      expect(holding(home, canary)).toEqual([relative(home.stateDir, log)]);
    }
  });
}

test('a daemon that adopts a step masks what it was given, and what a process hands back by call is masked too', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  await using daemon = await startRealDaemon({
    home,
    config: configOf(home),
    commands: {
      adopted: commandFile('adopted', {
        steps: [
          shell(`${signals.tell('running')}; ${signals.waitFor('gate')}; echo "$FROM_FILE"; exit 4`, {
            credentials: { FROM_FILE: 'file' },
          }),
        ],
        cleanup_on_failure: [shell(signals.waitFor('end'), { timeout: 0 })],
      }),
    },
  });
  const { id } = await daemon.start(repo.path, 'adopted');
  await signals.lines('running');
  await daemon.kill();
  // It was handed out by then: the new daemon does not ask the file again.
  privateFile(home.path('key'), 'another secret');
  await daemon.again();
  signals.open('gate');
  await until('the step to fail', async () => (await daemon.client.session.get({ id })).stepRuns.some(({ exitCode }) => exitCode === 4));
  await daemon.client.session.setData({ id, key: 'handed', value: { back: [`<${canaries.file}>`] } });
  signals.open('end');
  const ended = await daemon.ended(id);
  expect(ended.error).toMatch(/exit code 4\. Its last lines:\n\*\*\*$/);
  expect(ended.sharedData).toMatchObject({ handed: { back: ['<***>'] } });
  await daemon.stop();
  expect(holding(home, canaries.file)).toEqual([relative(home.stateDir, ended.stepRuns[0]?.outputPath as string)]);
});

test('a credential that is unknown, open to others, missing or waits for a login refuses the start, and nothing is made', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  const naming = (credential: string) =>
    commandFile(credential, { steps: [shell(signals.tell('ran'), { credentials: { X: credential } })] });
  const names = ['unknown', 'open', 'unset', 'login'];
  await using daemon = await startRealDaemon({
    home,
    config: `
[credentials]
open = { file = ${JSON.stringify(privateFile(home.path('open'), 'canary', 0o644))} }
unset = { env = "UNSET_TOKEN" }
login = { oauth = "hub" }
[auth.hub]
issuer = "http://127.0.0.1:1"
client_id = "coppice"
`,
    commands: Object.fromEntries(names.map((name) => [name, naming(name)])),
  });
  const reasons: unknown[] = [];
  for (const name of names) {
    await daemon.start(repo.path, name).catch((error: { kind: string; message: string; details: { reason: string } }) => {
      expect(error, name).toMatchObject({ kind: 'PRECONDITION', message: expect.stringMatching(/[;.]/) });
      reasons.push(error.details.reason);
    });
  }
  expect(reasons).toEqual(['credential_unknown', 'unsafe_file', 'credential_missing', 'login_required']);
  expect(signals.has('ran')).toBe(false);
  expect((await daemon.client.session.list({})).sessions).toEqual([]);
});

test('a command file says where credentials may not stand', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();
  const check = async (step: object) => {
    const text = commandFile('x', { steps: [step] });
    return (await daemon.client.command.validate({ project: project.id, text })).diagnostics.map(({ message }) => message);
  };
  const project = await daemon.client.project.add({ path: repo.path });
  expect(await check(shell('true', { credentials: { HUB_TOKEN: 'hub' } }))).toEqual([]);
  expect(await check(shell('true', { credentials: { COPPICE_X: 'hub' } }))).toEqual([expect.stringContaining('COPPICE_X')]);
  expect(await check(shell('true', { credentials: { X: 'Not A Name' } }))).toEqual([expect.stringContaining('must be 1 to 64 of a-z')]);
  expect(await check(shell('true', { credentials: ['hub'] }))).toEqual([expect.stringContaining('map of variables')]);
  expect(await check(shell('true', { env: { X: '1' }, credentials: { X: 'hub' } }))).toEqual([expect.stringContaining('"env" too')]);
  expect(await check({ type: 'builtin', action: 'cleanup', credentials: { X: 'hub' } })).toEqual([
    expect.stringContaining('gets no credentials'),
  ]);
});

test('a login by the CLI gives its token to the step that names it, through a restart, until the logout; the token is in its file alone', async () => {
  await using repo = await createTestRepo();
  await using home = createHome();
  const signals = createSignals(home);
  // Each token ends at once, so that each step causes a refresh.
  await using server = await startOAuthServer({ accessTokenSeconds: 1, clientSecret: 'canary-of-the-client' });
  await using daemon = await startRealDaemon({
    home,
    env: { HUB_SECRET: 'canary-of-the-client' },
    config: `
[daemon]
log_level = "trace"
[credentials]
hub = { oauth = "hub" }
hub_secret = { env = "HUB_SECRET" }
${server.section('hub', 'client_secret = "hub_secret"')}`,
    commands: {
      use: commandFile('use', {
        steps: [shell(`printf %s "$HUB_TOKEN" | sha256sum | cut -c1-64 >> ${signals.path('used')}`, { credentials: { HUB_TOKEN: 'hub' } })],
      }),
    },
  });
  const tokenPath = join(home.stateDir, 'credentials', 'hub.json');
  const record = () => JSON.parse(readFileSync(tokenPath, 'utf8')) as { accessToken: string; refreshToken: string };
  const secrets: string[] = ['canary-of-the-client'];
  const use = async () => {
    expect(await daemon.ended((await daemon.start(repo.path, 'use')).id)).toMatchObject({ status: 'succeeded' });
    const { accessToken, refreshToken } = record();
    secrets.push(accessToken, refreshToken);
    return { accessToken, used: (await signals.lines('used')).at(-1) };
  };

  const login = daemon.cli(['auth', 'login', 'hub']);
  const waiting = await until('the login to wait', async () => (await daemon.client.auth.status({ provider: 'hub' })).login);
  await server.confirm(waiting.verificationUriComplete as string);
  const { stdout, exitCode } = await login;
  expect([exitCode, stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`^Open ${server.issuer}/device and enter the code ${waiting.userCode}\n[^]*hub granted\n$`)),
  ]);
  expect(statSync(tokenPath).mode & 0o777).toBe(0o600);
  expect(statSync(join(home.stateDir, 'credentials')).mode & 0o777).toBe(0o700);

  for (const restart of [false, true]) {
    if (restart) await daemon.restart();
    const { accessToken, used } = await use();
    expect(used).toBe(createHash('sha256').update(accessToken).digest('hex'));
  }
  expect(server.granted('refresh_token')).toBe(2);
  expect((await daemon.cli(['auth', 'status', 'hub'])).stdout).toMatch(/^hub logged in\n/);

  const told = JSON.stringify([
    await daemon.events(),
    await daemon.client.auth.status({ provider: 'hub' }),
    await daemon.client.session.list({}),
  ]);
  const lines = commandLines();
  const kept = record();
  for (const secret of secrets) {
    expect(told).not.toContain(secret);
    expect(lines).not.toContain(secret);
    const isCurrent = [kept.accessToken, kept.refreshToken].includes(secret);
    expect(holding(home, secret)).toEqual(isCurrent ? ['credentials/hub.json'] : []);
  }

  expect(await daemon.cli(['auth', 'logout', 'hub'])).toMatchObject({ exitCode: 0, stdout: 'hub logged out\n', stderr: '' });
  await expect(daemon.start(repo.path, 'use')).rejects.toMatchObject({ kind: 'PRECONDITION', details: { reason: 'login_required' } });
  const types = (await daemon.events({ types: ['auth.*'] })).map(({ type }) => type);
  expect(types).toEqual(['auth.started', 'auth.granted', 'auth.loginEnded']);
});
