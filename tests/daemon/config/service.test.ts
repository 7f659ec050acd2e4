import { expect, test } from 'vitest';
import { loadConfig } from '../../../daemon/config/load.ts';
import { createConfigService } from '../../../daemon/config/service.ts';
import { createLog } from '../../../daemon/kernel/log.ts';
import type { Config } from '../../../schemas/config.ts';
import { openTestStore } from '../../helpers/open-store.ts';

function setUp() {
  const opened = openTestStore();
  const lines: string[] = [];
  const file = { text: undefined as string | undefined };
  const path = '/c/config.toml';
  const env: Record<string, string> = {};
  const config = createConfigService({
    store: opened.store,
    log: createLog('trace', (line) => void lines.push(line)).log,
    env,
    path,
    readText: async () => file.text,
    initial: loadConfig({ env }).config,
  });
  const events = () =>
    opened.store.read((r) => r.events.page(0, 100)).map(({ text }) => JSON.parse(text) as { type: string; actor: string; data: object });
  return { opened, config, file, env, lines, events, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

test('a reload swaps the snapshot whole, tells its listeners and leaves an event', async () => {
  using setup = setUp();
  const { config, file } = setup;
  const seen: Config[] = [];
  config.onChange((next) => void seen.push(next));
  const before = config.current;
  file.text = '[daemon]\nlog_level = "debug"\n[sessions]\ntimeout = 60\n';
  expect(await config.reload('owner')).toEqual({ version: 2, changedKeys: ['daemon.log_level', 'sessions.timeout'], restartRequired: [] });
  expect(config.version).toBe(2);
  expect(config.current).not.toBe(before);
  expect(before.daemon.log_level).toBe('info');
  expect(seen).toEqual([config.current]);
  expect(setup.events()).toMatchObject([
    {
      type: 'config.reloaded',
      actor: 'owner',
      data: { oldVersion: 1, newVersion: 2, changedKeys: ['daemon.log_level', 'sessions.timeout'], restartRequired: [] },
    },
  ]);
});

test('nothing changed: same version, no event, nobody is told', async () => {
  using setup = setUp();
  setup.config.onChange(() => expect.unreachable());
  setup.file.text = '# only words\n';
  expect(await setup.config.reload('owner')).toEqual({ version: 1, changedKeys: [], restartRequired: [] });
  expect(setup.events()).toEqual([]);
});

test('a key of class restart is told as waiting until it is what the daemon began with', async () => {
  using setup = setUp();
  const { config, file } = setup;
  file.text = '[websocket]\nport = 8123\n[hot_reload]\nenabled = false\n[daemon]\ndrain_ms = 1\n';
  expect(await config.reload('owner')).toMatchObject({ restartRequired: ['websocket.port', 'hot_reload.enabled'] });
  file.text = '[hot_reload]\nenabled = false\n';
  expect(await config.reload('owner')).toMatchObject({
    changedKeys: ['daemon.drain_ms', 'websocket.port'],
    restartRequired: ['hot_reload.enabled'],
  });
  expect(config.restartRequired).toEqual(['hot_reload.enabled']);
  file.text = '';
  expect(await config.reload('owner')).toMatchObject({ restartRequired: [] });
  expect(setup.events().at(-1)?.data).toMatchObject({ newVersion: 4, restartRequired: [] });
});

test('a wrong file keeps the old snapshot, fails with every place and leaves an event', async () => {
  using setup = setUp();
  const { config, file } = setup;
  const before = config.current;
  file.text = '[sessions]\ntimeout = "long"\nwrong = 1\n';
  await expect(config.reload('owner')).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
  expect(config.current).toBe(before);
  expect(config.version).toBe(1);
  const [failed] = setup.events();
  expect(failed).toMatchObject({ type: 'config.reloadFailed', data: { keptVersion: 1 } });
  expect(failed).toHaveProperty('data.errors.length', 2);
});

test('two reloads at once are one after the other, each with a version of its own', async () => {
  using setup = setUp();
  setup.file.text = '[sessions]\ntimeout = 1\n';
  const first = setup.config.reload('owner');
  const second = setup.config.reload('daemon');
  expect((await first).version).toBe(2);
  expect(await second).toEqual({ version: 2, changedKeys: [], restartRequired: [] });
  expect(setup.events()).toHaveLength(1);
});

test('a variable that names no key is a line in the log', async () => {
  using setup = setUp();
  setup.env.COPPICE_SESSIONS__TIMEOT = '5';
  await setup.config.reload('owner');
  expect(setup.lines.join('')).toContain('names no configuration key');
});

test('the whole, a table or one key can be asked for; what is not set is null', () => {
  using setup = setUp();
  const { config } = setup;
  expect(config.get(undefined)).toBe(config.current);
  expect(config.get('events')).toEqual({ keep_days: 30, keep_rows: 1_000_000 });
  expect(config.get('sessions.timeout')).toBe(1800);
  expect(config.get('sessions.shell')).toBeNull();
});

test.each(['nothing', 'sessions.nothing', 'sessions.timeout.deeper', 'constructor', 'sessions.constructor', '', '__proto__.x'])(
  'the key %j is not there',
  (key) => {
    using setup = setUp();
    expect(() => setup.config.get(key)).toThrow(expect.objectContaining({ kind: 'NOT_FOUND' }));
  },
);

test('sections whose entries the user names can be asked for, and a change of an entry counts at once', async () => {
  using setup = setUp();
  const { config, file } = setup;
  file.text = '[credentials.hub]\nenv = "HUB_TOKEN"\n[credentials.key]\nfile = "/k"\n';
  expect(await config.reload('owner')).toMatchObject({ changedKeys: ['credentials.hub', 'credentials.key'], restartRequired: [] });
  expect(config.get('credentials.hub')).toEqual({ env: 'HUB_TOKEN' });
  expect(() => config.get('credentials.other')).toThrow(expect.objectContaining({ kind: 'NOT_FOUND' }));
  file.text = '[credentials.hub]\nsystemd = "hub"\n';
  expect(await config.reload('owner')).toMatchObject({ changedKeys: ['credentials.hub', 'credentials.key'], restartRequired: [] });
  file.text = '[credentials.hub]\nsytemd = "hub"\n';
  await expect(config.reload('owner')).rejects.toMatchObject({ kind: 'CONFIG_INVALID', message: expect.stringContaining('config.toml:2') });
});
