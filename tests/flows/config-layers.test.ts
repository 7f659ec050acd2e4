// The layers of the configuration from outside: files, variables and flags of a real daemon, and what it says about them.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Diagnostic } from '../../schemas/index.ts';
import { commandFile, shell } from '../helpers/programs.ts';
import { createHome, runCli, runDaemon, startRealDaemon } from '../helpers/real-daemon.ts';
import { createTestRepo } from '../helpers/repo.ts';
import { until } from '../helpers/until.ts';

test('flag > variable > project > user > default, by the names that the README prints', async () => {
  await using repo = await createTestRepo();
  await repo.write('.coppice/config.toml', '[sessions]\ntimeout = 2\n');
  await using home = createHome();
  await using daemon = await startRealDaemon({
    home,
    config: '[sessions]\ntimeout = 1\nshell = "/bin/sh"\n[daemon]\nlog_level = "debug"\n[hot_reload]\ndebounce_ms = 300\n',
    env: {
      COPPICE_HOT_RELOAD__DEBOUNCE_MS: '5000',
      COPPICE_DAEMON__LOG_LEVEL: 'warn',
      COPPICE_MODELS__OPUS__TIER: 'high',
      COPPICE_MODELS__OPUS__PROVIDER: 'anthropic',
      COPPICE_MODELS__OPUS__MODEL: 'claude-opus-4-1',
    },
    args: ['--set', 'daemon.log_level=error', '--set', 'events.keep_days=7'],
  });
  await daemon.client.project.add({ path: repo.path });
  const explained = async (key: string, project?: string) => {
    const { value, layer, path, line } = await daemon.client.config.explain({ key, ...(project === undefined ? {} : { project }) });
    return [value, layer, path, line];
  };

  expect(await explained('daemon.log_level')).toEqual(['error', 'flag', '--set daemon.log_level', undefined]);
  expect(await explained('events.keep_days')).toEqual([7, 'flag', '--set events.keep_days', undefined]);
  expect(await explained('hot_reload.debounce_ms')).toEqual([5000, 'environment', 'COPPICE_HOT_RELOAD__DEBOUNCE_MS', undefined]);
  expect(await explained('models.opus.tier')).toEqual(['high', 'environment', 'COPPICE_MODELS__OPUS__TIER', undefined]);
  expect(await explained('sessions.timeout')).toEqual([1, 'user', home.configPath, 2]);
  expect(await explained('sessions.timeout', repo.path)).toEqual([2, 'project', join(repo.path, '.coppice/config.toml'), 2]);
  expect(await explained('websocket.port')).toEqual([0, 'default', undefined, undefined]);

  const told = await daemon.cli(['config', 'explain', 'sessions.timeout', '-p', '.'], { cwd: repo.path });
  expect(told.stdout).toContain(`set by    the file of the project: ${join(repo.path, '.coppice/config.toml')}:2:1`);
  expect((await daemon.cli(['config', 'explain', 'sessions.timeot'])).stderr).toContain('did you mean "sessions.timeout"?');
  expect(JSON.parse((await daemon.cli(['config', 'get', 'models.opus', '--json'])).stdout)).toMatchObject({
    value: { provider: 'anthropic', model: 'claude-opus-4-1', tier: 'high' },
  });
});

const five = '[daemon]\nlog_level = "loud"\ndrain_ms = -1\n\n[sesions]\nmax_running = 2\n\n[sessions]\nmax_runing = 3\nshell = ["zsh"]\n';
const fivePlaces = [
  '2:13: daemon.log_level: expected "trace"',
  '3:12: daemon.drain_ms: expected a number of at least 0, got -1',
  '5:2: sesions: unknown key "sesions"; did you mean "sessions"?',
  '9:1: sessions.max_runing: unknown key "max_runing"; did you mean "max_running"?',
  '10:9: sessions.shell: expected text, got a list',
];

test('five errors in a file are five messages with line and column, the start ends with 6, and nothing is written', async () => {
  await using home = createHome();
  home.writeConfig(five);

  const end = await runDaemon(home);

  expect(end.exitCode).toBe(6);
  const lines = end.stderr.trim().split('\n').slice(1);
  expect(lines).toEqual(fivePlaces.map((place) => expect.stringContaining(`${home.configPath}:${place}`)));
  expect([existsSync(home.stateDir), existsSync(home.runDir), existsSync(home.worktreesDir)]).toEqual([false, false, false]);

  const started = await runCli(home, ['ps'], { env: { COPPICE_NO_AUTOSTART: undefined } });
  expect([started.exitCode, started.stderr]).toEqual([3, expect.stringContaining('"coppice config validate" tells all that is wrong')]);

  // The CLI says the same without a daemon, which would not come up.
  const checked = await runCli(home, ['config', 'validate', '--json']);
  const { valid, diagnostics } = JSON.parse(checked.stdout) as { valid: boolean; diagnostics: Diagnostic[] };
  expect([checked.exitCode, valid, diagnostics.map(({ line }) => line)]).toEqual([6, false, [2, 3, 5, 9, 10]]);
  expect(diagnostics[1]).toMatchObject({ key: 'daemon.drain_ms', column: 12, expected: 'a number of at least 0', got: '-1' });
  const shown = await runCli(home, ['config', 'validate', home.configPath]);
  expect(shown.stdout.trim().split('\n')).toHaveLength(5);
  expect(shown.stdout).toContain(`${home.configPath}:3:12: expected a number of at least 0, got -1 (daemon.drain_ms)`);
});

test('a file that was named must be there, and a flag names a key with a value it takes', async () => {
  await using home = createHome();
  const missing = await runDaemon(home, { args: ['--config', home.path('nowhere.toml')] });
  expect([missing.exitCode, missing.stderr]).toEqual([6, expect.stringContaining(`${home.path('nowhere.toml')}`)]);
  const wrong = await runDaemon(home, { args: ['--set', 'sessions.timeot=5', '--set', 'daemon.drain_ms=soon'] });
  expect(wrong.exitCode).toBe(6);
  expect(wrong.stderr).toContain('did you mean "sessions.timeout"?');
  expect(wrong.stderr).toContain('--set daemon.drain_ms: daemon.drain_ms: expected a number, got "soon"');
});

test('a variable that names no key is a warning with near names, or what validation.unknown_env says', async () => {
  await using home = createHome();
  const env = { COPPICE_SESSIONS__TIMEOT: '5' };
  await using daemon = await startRealDaemon({ home, env });
  expect(home.log()).toContain(
    'The variable \\"COPPICE_SESSIONS__TIMEOT\\" names no configuration key; did you mean COPPICE_SESSIONS__TIMEOUT?',
  );
  const checked = await daemon.client.config.validate({});
  expect(checked).toMatchObject({ valid: true, diagnostics: [{ level: 'warning', key: 'COPPICE_SESSIONS__TIMEOT' }] });
  await daemon.stop();
  const strict = await runDaemon(home, { env: { ...env, COPPICE_VALIDATION__UNKNOWN_ENV: 'error' } });
  expect([strict.exitCode, strict.stderr]).toEqual([6, expect.stringContaining('COPPICE_SESSIONS__TIMEOT')]);
});

test('the file of a project gives its sessions their time, and cannot set what is for the user alone', async () => {
  await using repo = await createTestRepo();
  await repo.write('.coppice/commands/wait.yaml', commandFile('wait', { steps: [shell('sleep 60')] }));
  await repo.write('.coppice/config.toml', '[sessions]\ntimeout = 0.2\n');
  await using daemon = await startRealDaemon();

  const timed = await daemon.start(repo.path, 'wait');
  expect(await daemon.ended(timed.id)).toMatchObject({ status: 'failed', reason: 'timeout' });

  const path = join(repo.path, '.coppice/config.toml');
  await repo.write('.coppice/config.toml', '[websocket]\nallowed_origins = ["https://evil.example"]\n[hooks]\npost_create = [["evil"]]\n');
  const refused = await daemon.cli(['run', 'wait'], { cwd: repo.path });
  expect(refused.exitCode).toBe(6);
  expect(refused.stderr).toContain(`${path}:2:1`);
  expect(refused.stderr).toContain(`${path}:4:1: may not be set by the file of a project`);
  expect((await daemon.client.config.get({ key: 'websocket.allowed_origins' })).value).toEqual([]);
  const checked = await daemon.cli(['config', 'validate', path]);
  expect([checked.exitCode, checked.stdout]).toEqual([6, expect.stringContaining('hooks.post_create')]);
});

test('coppice init writes a configuration whose schema editors find, with the keys that a project may set', async () => {
  await using repo = await createTestRepo();
  await using daemon = await startRealDaemon();

  expect((await daemon.cli(['init'], { cwd: repo.path })).exitCode).toBe(0);

  const text = readFileSync(join(repo.path, '.coppice/config.toml'), 'utf8');
  const [, schemaPath = ''] = /^#:schema (\S+)\n/.exec(text) ?? [];
  const schema = JSON.parse(readFileSync(join(repo.path, '.coppice', schemaPath), 'utf8')) as {
    properties: Record<string, { properties: object }>;
  };
  expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', additionalProperties: false });
  expect(Object.entries(schema.properties).map(([name, table]) => [name, Object.keys(table.properties)])).toEqual([
    ['worktrees', ['spares']],
    ['sessions', ['timeout']],
  ]);
  expect(await daemon.client.config.validate({ path: join(repo.path, '.coppice/config.toml') })).toEqual({ valid: true, diagnostics: [] });
  expect(JSON.parse((await daemon.cli(['config', 'schema'])).stdout)).toEqual(
    JSON.parse(readFileSync('schemas/config.schema.json', 'utf8')),
  );
});

test('a start in safe mode takes the last good configuration, until the file is good again', async () => {
  await using home = createHome();
  const good = '[sessions]\ntimeout = 77\n[hot_reload]\ndebounce_ms = 100\n';
  await using daemon = await startRealDaemon({ home, config: good });
  await daemon.stop();
  expect((statSync(join(home.stateDir, 'last-good-config.json')).mode & 0o777).toString(8)).toBe('600');
  home.writeConfig('[sessions]\ntimeout = "forever"\n');

  await using safe = await startRealDaemon({ home, args: ['--safe-mode'] });
  expect((await safe.client.config.get({ key: 'sessions.timeout' })).value).toBe(77);
  expect(await safe.client.config.explain({ key: 'sessions.timeout' })).toMatchObject({ layer: 'snapshot' });
  expect(await safe.client.daemon.status()).toMatchObject({ safeMode: true, configDrift: true });
  home.writeConfig(good.replace('77', '78'));
  await until('the end of safe mode', async () => !(await safe.client.daemon.status()).safeMode);
  expect((await safe.client.config.get({ key: 'sessions.timeout' })).value).toBe(78);
});

test.each([
  ['there is none', undefined, 0o600, 6, 'is not there, so safe mode has nothing to start on'],
  ['others could have written it', '{}', 0o644, 5, 'must be yours with mode 0600'],
  ['it is wrong itself', '{"sessions": {"timeout": "x"}}', 0o600, 6, 'sessions.timeout: expected a number, got "x"'],
  ['it is cut off', '{"sessions": {', 0o600, 6, 'is not JSON'],
])('safe mode does not start on a guess: of the last good configuration %s', async (_, text, mode, exitCode, message) => {
  await using home = createHome();
  home.writeConfig('wrong');
  mkdirSync(home.stateDir, { mode: 0o700 });
  if (text !== undefined) writeFileSync(join(home.stateDir, 'last-good-config.json'), text, { mode });

  const end = await runDaemon(home, { args: ['--safe-mode'] });

  expect([end.exitCode, existsSync(home.databasePath)]).toEqual([exitCode, false]);
  expect(end.stderr).toContain(message);
});
