import { expect, test } from 'vitest';
import { variableOf } from '../../../schemas/config-tree.ts';
import { limits } from '../../../schemas/limits.ts';
import { faultsOf, load, projectPath, told, userPath } from './fixture.ts';

test('without a file the defaults are in force, frozen through and through', async () => {
  const { config, warnings } = await load();
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({ daemon: { log_level: 'info' }, websocket: { enabled: true, port: 0 }, sessions: { timeout: 1800 } });
  expect(Object.keys(config.agents)).toEqual(['claude', 'codex', 'gemini', 'opencode', 'shell']);
  const parts = [config, config.websocket, config.websocket.allowed_origins, config.agents, config.agents.claude?.command];
  expect(parts.every(Object.isFrozen)).toBe(true);
  expect((await load({ user: '' })).config).toEqual(config);
});

test('defaults < user < project < environment < flag, key by key', async () => {
  const layers = {
    user: '[sessions]\ntimeout = 1\n',
    project: '[sessions]\ntimeout = 2\n',
    env: { COPPICE_SESSIONS__TIMEOUT: '3' },
    flags: ['sessions.timeout=4'],
  };
  const { user, project, env } = layers;
  const timeouts = [{}, { user }, { user, project }, { user, project, env }, layers].map(
    async (given) => (await load(given)).config.sessions,
  );
  expect((await Promise.all(timeouts)).map(({ timeout }) => timeout)).toEqual([1800, 1, 2, 3, 4]);
  const other = await load({ user: '[daemon]\nlog_level = "debug"\n', env: { COPPICE_DAEMON__DRAIN_MS: '9' } });
  expect(other.config.daemon).toEqual({ log_level: 'debug', drain_ms: 9 });
});

test('a variable or flag is a TOML value where it can be one, else the text itself', async () => {
  const { config } = await load({
    env: {
      COPPICE_WEBSOCKET__ENABLED: 'false',
      COPPICE_WEBSOCKET__ALLOWED_ORIGINS: '["http://localhost:5173"]',
      COPPICE_SESSIONS__SHELL: '/bin/zsh',
      COPPICE_HOT_RELOAD__DEBOUNCE_MS: '5000',
      COPPICE_MODELS__NEXT__PROVIDER: 'x',
      COPPICE_MODELS__NEXT__MODEL: '4',
    },
    flags: ['daemon.log_level=warn', 'models.next.aliases=["n"]', 'agents.mine.command=["a=b"]', 'agents.mine.protocol=headless'],
  });
  expect(config.websocket).toMatchObject({ enabled: false, allowed_origins: ['http://localhost:5173'] });
  expect([config.sessions.shell, config.daemon.log_level, config.hot_reload.debounce_ms]).toEqual(['/bin/zsh', 'warn', 5000]);
  expect(config.models.next).toEqual({ provider: 'x', model: '4', tier: 'medium', aliases: ['n'], enabled: true });
  expect(config.agents.mine).toMatchObject({ command: ['a=b'], protocol: 'headless' });
  expect(variableOf(['hot_reload', 'debounce_ms'])).toBe('COPPICE_HOT_RELOAD__DEBOUNCE_MS');
});

test('a variable reaches into an entry that a file made, whatever its hyphens', async () => {
  const user = '[agents.my-agent]\nprotocol = "headless"\ncommand = ["x"]\n[agents.other_one]\nprotocol = "tui"\ncommand = ["y"]\n';
  const env = {
    COPPICE_AGENTS__MY_AGENT__ENABLED: 'false',
    COPPICE_AGENTS__OTHER_ONE__ENABLED: 'false',
    COPPICE_AGENTS__CLAUDE__ENABLED: 'false',
  };
  const { agents } = (await load({ user, env })).config;
  expect([agents['my-agent']?.enabled, agents.other_one?.enabled, agents.claude?.enabled]).toEqual([false, false, false]);
  expect(Object.keys(agents)).toHaveLength(7);
});

test('a built-in agent is changed key by key', async () => {
  const { agents } = (await load({ user: '[agents.claude]\naliases = ["cc"]\n' })).config;
  expect(agents.claude).toMatchObject({ protocol: 'acp', command: ['claude-agent-acp'], headless: ['claude', '-p'], aliases: ['cc'] });
});

test('five errors in a file are five messages, each with line, column, key, what was expected and what came', async () => {
  const user = [
    '# mine',
    '[sessions]',
    'timeot = 60',
    'max_running = 0',
    '',
    '[websocket]',
    'port = "many"',
    'allowed_origins = ["http://ok.example",',
    '  "no url"]',
    '',
    '[sesions]',
    'timeout = 1',
  ].join('\n');
  expect(await faultsOf({ user })).toEqual([
    {
      level: 'error',
      path: userPath,
      line: 3,
      column: 1,
      key: 'sessions.timeot',
      message: 'unknown key "timeot"; did you mean "timeout"?',
    },
    {
      ...{ level: 'error', path: userPath, line: 4, column: 15, key: 'sessions.max_running' },
      ...{ expected: 'a number of at least 1', got: '0', message: 'expected a number of at least 1, got 0' },
    },
    {
      ...{ level: 'error', path: userPath, line: 7, column: 8, key: 'websocket.port' },
      ...{ expected: 'a number', got: '"many"', message: 'expected a number, got "many"' },
    },
    {
      ...{ level: 'error', path: userPath, line: 9, column: 3, key: 'websocket.allowed_origins.1' },
      ...{ expected: 'a URL', got: '"no url"', message: 'expected a URL, got "no url"' },
    },
    { level: 'error', path: userPath, line: 11, column: 2, key: 'sesions', message: 'unknown key "sesions"; did you mean "sessions"?' },
  ]);
});

test.each([
  ['[hot_reload]\nenabled = "yes"', 'expected true or false, got "yes"'],
  ['[hot_reload]\nmode = "never"', 'expected "auto", "manual" or "defer", got "never"'],
  ['[hot_reload]\ndebounce_ms = 1.5', 'expected a whole number, got 1.5'],
  ['[hot_reload]\ndebounce_ms = 20000', 'expected a number of at most 10000, got 20000'],
  ['[worktrees]\nroot = "here"', 'expected text that begins with "/", got "here"'],
  ['[leases]\nports = "5"', 'must be like 41000-42999, not "5"'],
  ['[agents.x]\nprotocol = "acp"\ncommand = []', 'expected a list of at least 1 items, got an empty list'],
  ['[agents.x]\nprotocol = "acp"\ncommand = ["bin/x"]', 'must begin with a program of the PATH or an absolute path, not a list'],
  ['[agents.x]\ncommand = ["x"]', 'is missing; expected "acp", "tui" or "headless"'],
  ['sessions = 5', 'expected a table, got 5'],
  ['[sessions]\nshell = 2020-01-01', 'expected text, got a date'],
  ['[worktrees]\ncopy = [{ pattern = "x", mod = "copy" }]', 'unknown key "mod"'],
])('%j is told as: %s', async (user, message) => {
  expect((await faultsOf({ user })).map((fault) => fault.message)).toEqual([message]);
});

test('a key that is missing is told at its table', async () => {
  expect(await faultsOf({ user: '\n[models.opus]\nprovider = "anthropic"\n' })).toMatchObject([
    { key: 'models.opus.model', line: 2, column: 2, expected: 'text', got: 'nothing' },
  ]);
});

test('a wrong value is told also when a higher layer hides it, and then every layer is blamed for its own', async () => {
  const given = { user: '[sessions]\ntimeout = "soon"\n', env: { COPPICE_SESSIONS__TIMEOUT: 'later' }, flags: ['sessions.timeout=5'] };
  expect((await faultsOf(given)).map(({ path, line, key }) => [path, line, key])).toEqual([
    [userPath, 2, 'sessions.timeout'],
    ['COPPICE_SESSIONS__TIMEOUT', undefined, 'sessions.timeout'],
  ]);
});

test('a section that is no table is told, also when a variable sets a key of it', async () => {
  expect(await faultsOf({ user: 'sessions = 5\n', env: { COPPICE_SESSIONS__TIMEOUT: '5' } })).toMatchObject([{ key: 'sessions', line: 1 }]);
});

test.each([
  ['sessions.timeot=5', 'names no configuration key; did you mean "sessions.timeout"?'],
  ['sessions=5', 'names no configuration key'],
  ['sessions.timeout', 'has no value; write section.key=value'],
  ['=', 'names no configuration key'],
  ['__proto__.x=1', 'names no configuration key'],
])('the flag %j is refused', async (flag, message) => {
  expect(await faultsOf({ flags: [flag] })).toMatchObject([{ path: `--set ${flag}`, message: expect.stringContaining(message) }]);
});

test('text that is no TOML has line and column', async () => {
  expect(await faultsOf({ user: '[daemon]\nlog_level = "info"\ndrain_ms = = 5\n' })).toMatchObject([
    { level: 'error', path: userPath, line: 3, column: expect.any(Number) },
  ]);
  expect(await faultsOf({ user: '[daemon]\nlog_level = "a"\nlog_level = "b"\n' })).toMatchObject([{ path: userPath, line: 3 }]);
});

test('what a file that cannot be read may hold is not missed', async () => {
  expect(await faultsOf({ user: '[agents.mine', env: { COPPICE_AGENTS__MINE__ENABLED: 'false' } })).toMatchObject([
    { path: userPath, line: 1 },
  ]);
});

test('of very many errors the first are told, in no time', async () => {
  const user = Array.from({ length: 9_000 }, (_, n) => `key_${n} = 1`).join('\n');
  const faults = await faultsOf({ user });
  expect(faults).toHaveLength(limits.configFaults);
  expect(faults.at(-1)).toMatchObject({ line: limits.configFaults, key: `key_${limits.configFaults - 1}` });
});

test('the message names the first place and how many more there are', async () => {
  await expect(load({ user: '[sessions]\ntimeout = -1\nmax_running = -1\n' })).rejects.toThrow(
    /config\.toml:2: sessions\.timeout: .*\(and 1 more\)\.$/,
  );
});

test('the file of a project sets what is safe for it and nothing else', async () => {
  const project = [
    '[sessions]',
    'timeout = 60',
    'shell = "/bin/evil"',
    '[websocket]',
    'enabled = true',
    'allowed_origins = ["https://evil.example"]',
    '[hooks]',
    'post_create = [["evil"]]',
    '[agents.claude]',
    'command = ["evil"]',
    '[worktrees]',
    'root = "/tmp"',
  ].join('\n');
  const refusal = "may not be set by the file of a project; set it in the user's file";
  expect(await told({ project })).toEqual([
    [3, 'sessions.shell', refusal],
    [5, 'websocket.enabled', refusal],
    [6, 'websocket.allowed_origins', refusal],
    [8, 'hooks.post_create', refusal],
    [10, 'agents.claude.command', refusal],
    [12, 'worktrees.root', refusal],
  ]);
  expect((await faultsOf({ project }))[0]?.path).toBe(projectPath);
  expect((await load({ project: '[sessions]\ntimeout = 60\n' })).config.sessions.timeout).toBe(60);
});

test('an unknown variable warns with up to three near names and changes nothing', async () => {
  const { config, warnings } = await load({
    env: { COPPICE_SESSIONS__TIMEOT: '5', COPPICE_QQQQ__WWWW: '1', COPPICE_MODELS__OPUS__TIR: 'low', COPPICE_sessions__timeout: '5' },
  });
  expect(config).toEqual((await load()).config);
  expect(warnings.map(({ level, key, message }) => [level, key, message])).toEqual([
    [
      'warning',
      'COPPICE_SESSIONS__TIMEOT',
      'The variable "COPPICE_SESSIONS__TIMEOT" names no configuration key; did you mean COPPICE_SESSIONS__TIMEOUT?',
    ],
    ['warning', 'COPPICE_QQQQ__WWWW', 'The variable "COPPICE_QQQQ__WWWW" names no configuration key.'],
    [
      'warning',
      'COPPICE_MODELS__OPUS__TIR',
      'The variable "COPPICE_MODELS__OPUS__TIR" names no configuration key; did you mean COPPICE_MODELS__OPUS__TIER?',
    ],
    [
      'warning',
      'COPPICE_sessions__timeout',
      'The variable "COPPICE_sessions__timeout" names no configuration key; did you mean COPPICE_SESSIONS__TIMEOUT?',
    ],
  ]);
});

test('validation.unknown_env makes it an error, or nothing', async () => {
  const env = { COPPICE_SESSIONS__TIMEOT: '5' };
  expect((await load({ env, user: '[validation]\nunknown_env = "ignore"\n' })).warnings).toEqual([]);
  expect(await faultsOf({ env: { ...env, COPPICE_VALIDATION__UNKNOWN_ENV: 'error' } })).toMatchObject([
    { level: 'error', key: 'COPPICE_SESSIONS__TIMEOT' },
  ]);
});

test('variables that are no configuration are left alone', async () => {
  const env = { COPPICE_HOME: '/x', COPPICE_TOKEN: 't', COPPICE_SOCKET: '/s', OTHER__THING: '1', PATH: '/bin' };
  expect((await load({ env })).warnings).toEqual([]);
});

test('names that JavaScript gives a meaning to are keys like any other', async () => {
  expect(
    (await told({ user: '[__proto__]\nx = 1\n[models.__proto__]\nprovider = "x"\n[sessions]\nconstructor = 1\n' })).map(([, key]) => key),
  ).toEqual(['__proto__', 'models.__proto__', 'sessions.constructor']);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('a load takes less than 10 ms', async () => {
  const user = `${Array.from({ length: 30 }, (_, n) => `[agents.a${n}]\nprotocol = "acp"\ncommand = ["x"]\naliases = ["b${n}"]\n`).join('')}[sessions]\ntimeout = 60\n`;
  const env = { COPPICE_SESSIONS__TIMEOUT: '90', COPPICE_AGENTS__A1__ENABLED: 'false' };
  for (let n = 0; n < 20; n++) await load({ user, env });
  const times: number[] = [];
  for (let n = 0; n < 100; n++) {
    const begun = performance.now();
    await load({ user, env });
    times.push(performance.now() - begun);
  }
  expect(times.sort((a, b) => a - b)[50]).toBeLessThan(10);
});
