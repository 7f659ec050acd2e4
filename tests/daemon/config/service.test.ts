import { expect, test } from 'vitest';
import type { Config } from '../../../schemas/config.ts';
import { path, setUp } from './service-fixture.ts';

test('a reload swaps the snapshot whole, tells its listeners and leaves an event', async () => {
  using setup = await setUp();
  const { config, files } = setup;
  const seen: Config[] = [];
  config.onChange((next) => void seen.push(next));
  const before = config.current;
  files.set(path, '[daemon]\nlog_level = "debug"\n[sessions]\ntimeout = 60\n');
  expect(await config.reload('owner')).toEqual({
    ...{ version: 2, changedKeys: ['daemon.log_level', 'sessions.timeout'], restartRequired: [], deferred: false },
  });
  expect(config.version).toBe(2);
  expect(before.daemon.log_level).toBe('info');
  expect(seen).toEqual([config.current]);
  expect(setup.snapshots).toEqual([before, config.current]);
  expect(setup.events()).toMatchObject([
    {
      type: 'config.reloaded',
      actor: 'owner',
      data: { oldVersion: 1, newVersion: 2, changedKeys: ['daemon.log_level', 'sessions.timeout'], restartRequired: [] },
    },
  ]);
});

test('entries that come, change and go are told key by key', async () => {
  using setup = await setUp();
  const { config, files } = setup;
  const model = (tier: string) => `[models.opus]\nprovider = "a"\nmodel = "o"\ntier = "${tier}"\n`;
  files.set(path, model('low'));
  const all = ['provider', 'model', 'tier', 'aliases', 'enabled'].map((key) => `models.opus.${key}`);
  expect((await config.reload('owner')).changedKeys).toEqual(all);
  files.set(path, model('high'));
  expect((await config.reload('owner')).changedKeys).toEqual(['models.opus.tier']);
  files.delete(path);
  expect((await config.reload('owner')).changedKeys).toEqual(all);
});

test('nothing changed: same version, no event, nobody is told; where keys are written is known anew', async () => {
  using setup = await setUp({ text: '[sessions]\ntimeout = 5\n' });
  const { config, files } = setup;
  config.onChange(() => expect.unreachable());
  const { current } = config;
  files.set(path, '# only words\n\n[sessions]\ntimeout = 5\n');
  expect(await config.reload('owner')).toEqual({ version: 1, changedKeys: [], restartRequired: [], deferred: false });
  expect(setup.events()).toEqual([]);
  expect(config.current).toBe(current);
  expect(await config.explain('sessions.timeout')).toMatchObject({ line: 4 });
  expect(await config.drifts()).toBe(false);
});

test('a key of class restart is told as waiting until it is what the daemon began with', async () => {
  using setup = await setUp();
  const { config, files } = setup;
  files.set(path, '[websocket]\nport = 8123\n[hot_reload]\nenabled = false\n[daemon]\ndrain_ms = 1\n');
  expect(await config.reload('owner')).toMatchObject({ restartRequired: ['websocket.port', 'hot_reload.enabled'] });
  files.set(path, '[hot_reload]\nenabled = false\n');
  expect(await config.reload('owner')).toMatchObject({
    changedKeys: ['daemon.drain_ms', 'websocket.port'],
    restartRequired: ['hot_reload.enabled'],
  });
  expect(config.restartRequired).toEqual(['hot_reload.enabled']);
  files.set(path, '');
  expect(await config.reload('owner')).toMatchObject({ restartRequired: [] });
  expect(setup.events().at(-1)?.data).toMatchObject({ newVersion: 4, restartRequired: [] });
});

test('a wrong file keeps the old snapshot, fails with every place and leaves an event; a later good one works', async () => {
  using setup = await setUp();
  const { config } = setup;
  const before = config.current;
  await expect(setup.edit('[sessions]\ntimeout = "long"\nwrong = 1\n')).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
  expect(config.current).toBe(before);
  expect([config.version, await config.drifts()]).toEqual([1, true]);
  const [failed] = setup.events();
  expect(failed).toMatchObject({ type: 'config.reloadFailed', data: { keptVersion: 1 } });
  expect(failed).toHaveProperty('data.errors.length', 2);
  await setup.edit('[sessions]\ntimeout = 7\n');
  expect([config.version, config.current.sessions.timeout, await config.drifts()]).toEqual([2, 7, false]);
});

test('a file that is touched with the same content is no change, also when it is wrong', async () => {
  using setup = await setUp({ text: '[sessions]\ntimeout = 5\n' });
  await setup.edit('[sessions]\ntimeout = 5\n');
  expect([setup.changes, setup.events()]).toEqual([0, []]);
  await expect(setup.edit('wrong')).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
  await setup.edit('wrong');
  expect([setup.changes, setup.events().length]).toEqual([1, 1]);
});

test('a file that goes away changes nothing until it is back or a reload is asked for', async () => {
  using setup = await setUp({ text: '[sessions]\ntimeout = 5\n' });
  const { config } = setup;
  await setup.edit(undefined);
  expect([config.current.sessions.timeout, config.version, await config.drifts()]).toEqual([5, 1, true]);
  await setup.edit('[sessions]\ntimeout = 6\n');
  expect([config.current.sessions.timeout, config.version, await config.drifts()]).toEqual([6, 2, false]);
  await setup.edit(undefined);
  expect(await config.reload('owner')).toMatchObject({ version: 3, changedKeys: ['sessions.timeout'] });
});

test('a file that was named must be there', async () => {
  using setup = await setUp({ text: '[sessions]\ntimeout = 5\n', named: true });
  setup.files.clear();
  await expect(setup.config.reload('owner')).rejects.toThrow(/config\.toml: is not there; correct --config/);
  expect(setup.config.current.sessions.timeout).toBe(5);
});

test('two reloads at once are one after the other, each with a version of its own', async () => {
  using setup = await setUp();
  setup.files.set(path, '[sessions]\ntimeout = 1\n');
  const first = setup.config.reload('owner');
  const second = setup.config.reload('daemon');
  expect((await first).version).toBe(2);
  expect(await second).toMatchObject({ version: 2, changedKeys: [] });
  expect(setup.events()).toHaveLength(1);
});

test('a listener that throws is logged and keeps nobody else from hearing', async () => {
  using setup = await setUp();
  const { config, files } = setup;
  const seen: number[] = [];
  config.onChange(() => {
    throw new Error('no room');
  });
  config.onChange((next) => void seen.push(next.sessions.timeout));
  files.set(path, '[sessions]\ntimeout = 1\n');
  await config.reload('owner');
  expect(seen).toEqual([1]);
  expect(setup.lines.join('')).toContain('no room');
});

test('a variable that names no key is a line in the log', async () => {
  using setup = await setUp();
  setup.env.COPPICE_SESSIONS__TIMEOT = '5';
  await setup.config.reload('owner');
  expect(setup.lines.join('')).toContain('names no configuration key');
});

test('in manual mode a changed file is seen, and taken when it is asked for', async () => {
  using setup = await setUp({ text: '[hot_reload]\nmode = "manual"\n' });
  const { config } = setup;
  await setup.edit('[hot_reload]\nmode = "manual"\n[sessions]\ntimeout = 6\n');
  expect([setup.changes, config.version, await config.drifts()]).toEqual([1, 1, true]);
  await config.reload('owner');
  expect([config.current.sessions.timeout, await config.drifts()]).toEqual([6, false]);
});

test('safe mode stands on the snapshot until the file is good', async () => {
  using setup = await setUp({ snapshot: { path: '/s/last.json', tree: { sessions: { timeout: 9 } } } });
  const { config } = setup;
  expect([config.isSafeMode, config.current.sessions.timeout, await config.drifts(), setup.snapshots]).toEqual([true, 9, true, []]);
  expect(await config.explain('sessions.timeout')).toMatchObject({ layer: 'snapshot', path: '/s/last.json' });
  await expect(setup.edit('wrong')).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
  expect(config.isSafeMode).toBe(true);
  await setup.edit('[sessions]\ntimeout = 10\n');
  expect([config.isSafeMode, config.current.sessions.timeout, await config.drifts(), setup.snapshots.length]).toEqual([
    false,
    10,
    false,
    1,
  ]);
});
