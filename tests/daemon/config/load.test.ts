import { expect, test } from 'vitest';
import { loadConfig } from '../../../daemon/config/load.ts';
import { lineOf } from '../../../daemon/config/toml-lines.ts';
import { variableOf } from '../../../schemas/config-tree.ts';
import { isFailure } from '../../../schemas/errors.ts';
import type { Diagnostic } from '../../../schemas/primitives.ts';

const path = '/home/ada/.config/coppice/config.toml';
const load = (text: string | undefined, env: Record<string, string> = {}) =>
  loadConfig({ env, ...(text === undefined ? {} : { file: { path, text } }) });

function diagnosticsOf(text: string, env: Record<string, string> = {}): Diagnostic[] {
  try {
    load(text, env);
  } catch (error) {
    if (isFailure(error) && error.kind === 'CONFIG_INVALID') return (error.details?.diagnostics ?? []) as Diagnostic[];
    throw error;
  }
  throw new Error('it was taken');
}

test('without a file the defaults are in force, frozen through and through', () => {
  const { config, warnings } = load(undefined);
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({ daemon: { log_level: 'info' }, websocket: { enabled: true, port: 0 }, sessions: { timeout: 1800 } });
  expect(Object.isFrozen(config) && Object.isFrozen(config.websocket) && Object.isFrozen(config.websocket.allowed_origins)).toBe(true);
  expect(load('').config).toEqual(config);
});

test('defaults < file < environment, key by key', () => {
  const text = '[sessions]\ntimeout = 60\nmax_running = 3\n[daemon]\nlog_level = "debug"\n';
  const { config } = load(text, { COPPICE_SESSIONS__TIMEOUT: '90', COPPICE_EVENTS__KEEP_DAYS: '7' });
  expect(config.sessions).toEqual({ timeout: 90, max_running: 3 });
  expect(config.daemon).toEqual({ log_level: 'debug', drain_ms: 3000 });
  expect(config.events).toEqual({ keep_days: 7, keep_rows: 1_000_000 });
});

test('a variable is a TOML value where it can be one, else the text itself', () => {
  const { config } = load(undefined, {
    COPPICE_WEBSOCKET__ENABLED: 'false',
    COPPICE_WEBSOCKET__ALLOWED_ORIGINS: '["http://localhost:5173"]',
    COPPICE_SESSIONS__SHELL: '/bin/zsh',
    COPPICE_DAEMON__LOG_LEVEL: 'warn',
    COPPICE_HOT_RELOAD__DEBOUNCE_MS: '5000',
  });
  expect(config.websocket).toMatchObject({ enabled: false, allowed_origins: ['http://localhost:5173'] });
  expect(config.sessions.shell).toBe('/bin/zsh');
  expect(config.daemon.log_level).toBe('warn');
  expect(config.hot_reload.debounce_ms).toBe(5000);
  expect(variableOf(['hot_reload', 'debounce_ms'])).toBe('COPPICE_HOT_RELOAD__DEBOUNCE_MS');
});

test('all errors are told at once, each with its file, line and key', () => {
  const text = [
    '# mine',
    '[sessions]',
    'timeot = 60',
    'max_running = 0',
    '',
    '[websocket]',
    'port = "many"',
    'allowed_origins = ["http://ok.example", "no url"]',
    '',
    '[sesions]',
    'timeout = 1',
  ].join('\n');
  const found = diagnosticsOf(text);
  expect(found.map(({ path: where, line, key, level }) => [where, line, key, level]).toSorted()).toEqual(
    [
      [path, 3, 'sessions.timeot', 'error'],
      [path, 4, 'sessions.max_running', 'error'],
      [path, 7, 'websocket.port', 'error'],
      [path, 8, 'websocket.allowed_origins.1', 'error'],
      [path, 10, 'sesions', 'error'],
    ].toSorted(),
  );
});

test('an unknown key is told with the nearest known one', () => {
  const messages = diagnosticsOf('[sessions]\ntimeot = 1\n[deamon]\nx = 1\n[events]\nzzzzzz = 1\n').map(({ key, message }) => [
    key,
    message,
  ]);
  expect(messages).toEqual(
    expect.arrayContaining([
      ['sessions.timeot', 'unknown key "timeot"; did you mean "timeout"?'],
      ['deamon', 'unknown key "deamon"; did you mean "daemon"?'],
      ['events.zzzzzz', 'unknown key "zzzzzz"'],
    ]),
  );
});

test('a value that a variable set is told by the name of the variable, also inside a list', () => {
  const env = { COPPICE_SESSIONS__TIMEOUT: 'soon', COPPICE_WEBSOCKET__ALLOWED_ORIGINS: '["no url"]' };
  expect(diagnosticsOf('[sessions]\ntimeout = 5\n[websocket]\nallowed_origins = ["http://ok.example"]\n', env)).toMatchObject([
    { key: 'websocket.allowed_origins.0', path: 'COPPICE_WEBSOCKET__ALLOWED_ORIGINS' },
    { key: 'sessions.timeout', path: 'COPPICE_SESSIONS__TIMEOUT' },
  ]);
});

test('a section that is no table is told, also when a variable sets a key of it', () => {
  expect(diagnosticsOf('sessions = 5\n', { COPPICE_SESSIONS__TIMEOUT: '5' })).toMatchObject([{ key: 'sessions', path, line: 1 }]);
});

test('a value of the wrong type says what was expected and what came', () => {
  expect(diagnosticsOf('[hot_reload]\nenabled = "yes"\n')[0]?.message).toMatch(/expected boolean, received string/);
});

test('text that is no TOML has line and column', () => {
  expect(diagnosticsOf('[daemon]\nlog_level = "info"\ndrain_ms = = 5\n')).toMatchObject([
    { level: 'error', path, line: 3, column: expect.any(Number) },
  ]);
  expect(diagnosticsOf('[daemon]\nlog_level = "a"\nlog_level = "b"\n')).toMatchObject([{ path, line: 3 }]);
});

test('the message names the first place and how many more there are', () => {
  expect(() => load('[sessions]\ntimeout = -1\nmax_running = -1\n')).toThrow(/config\.toml:\d: sessions\..*\(and 1 more\)\.$/);
});

test('an unknown variable warns with near names and changes nothing', () => {
  const { config, warnings } = load(undefined, { COPPICE_SESSIONS__TIMEOT: '5', COPPICE_QQQQ__WWWW: '1' });
  expect(config).toEqual(load(undefined).config);
  expect(warnings).toEqual([
    {
      level: 'warning',
      key: 'COPPICE_SESSIONS__TIMEOT',
      message: 'The variable "COPPICE_SESSIONS__TIMEOT" names no configuration key; did you mean COPPICE_SESSIONS__TIMEOUT?',
    },
    { level: 'warning', key: 'COPPICE_QQQQ__WWWW', message: 'The variable "COPPICE_QQQQ__WWWW" names no configuration key.' },
  ]);
});

test('variables that are no configuration are left alone', () => {
  const env = { COPPICE_HOME: '/x', COPPICE_TOKEN: 't', COPPICE_SOCKET: '/s', OTHER__THING: '1', PATH: '/bin' };
  expect(load(undefined, env).warnings).toEqual([]);
});

test('a load takes less than 10 ms', () => {
  const text = '[sessions]\ntimeout = 60\n[daemon]\nlog_level = "debug"\n[websocket]\nport = 8080\n';
  load(text);
  const begun = performance.now();
  for (let n = 0; n < 10; n++) load(text, { COPPICE_SESSIONS__TIMEOUT: '90' });
  expect((performance.now() - begun) / 10).toBeLessThan(10);
});

test.each([
  ['a key below its table', '[a]\nx = 1\n\n[b]\nx = 2\n', ['b', 'x'], 5],
  ['a table', '\n[a]\nx = 1\n', ['a'], 2],
  ['a dotted key', 'a.x = 1\n', ['a', 'x'], 1],
  ['a quoted key', '["a"]\n"x" = 1\n', ['a', 'x'], 2],
  ['a nested table', '[a.b]\nx = 1\n', ['a', 'b', 'x'], 2],
  ['inside an inline table: its key', '\na = { x = "no" }\n', ['a', 'x'], 2],
  ['inside a list: its key', '[a]\nlist = [\n  1,\n]\n', ['a', 'list', 0], 2],
])('the line of %s', (_, text, keys, line) => {
  expect(lineOf(text, keys)).toBe(line);
});

test('a key that is only in a comment has no line', () => {
  expect(lineOf('# x = 1\n', ['x'])).toBeUndefined();
});
