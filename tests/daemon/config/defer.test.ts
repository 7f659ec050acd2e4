import { expect, test } from 'vitest';
import { setUp } from './service-fixture.ts';

const withTimeout = (seconds: number | string) => `[hot_reload]\nmode = "defer"\n[sessions]\ntimeout = ${seconds}\n`;
const typesOf = (setup: Awaited<ReturnType<typeof setUp>>) => setup.events().map(({ type }) => type);

test('while something runs the newest valid configuration is held back, and applied once when nothing does', async () => {
  using setup = await setUp({ text: withTimeout(1) });
  const { config } = setup;
  setup.busy = true;
  for (const seconds of [2, 3, 4]) await setup.edit(withTimeout(seconds));
  expect([config.current.sessions.timeout, config.version, config.isDeferred, await config.drifts()]).toEqual([1, 1, true, true]);
  await config.settle('daemon');
  expect(config.version).toBe(1);
  setup.busy = false;
  await Promise.all([config.settle('daemon'), config.settle('daemon')]);
  expect([config.current.sessions.timeout, config.version, config.isDeferred, await config.drifts()]).toEqual([4, 2, false, false]);
  expect(typesOf(setup)).toEqual(['config.deferred', 'config.deferred', 'config.deferred', 'config.reloaded']);
  expect(setup.events()[0]?.data).toEqual({ keptVersion: 1, changedKeys: ['sessions.timeout'] });
});

test('a wrong file leaves what is held', async () => {
  using setup = await setUp({ text: withTimeout(1) });
  setup.busy = true;
  await setup.edit(withTimeout(2));
  await expect(setup.edit(withTimeout('"soon"'))).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
  setup.busy = false;
  await setup.config.settle('daemon');
  expect(setup.config.current.sessions.timeout).toBe(2);
  expect(typesOf(setup)).toEqual(['config.deferred', 'config.reloadFailed', 'config.reloaded']);
});

test('an edit that goes back to what is in force leaves nothing to apply', async () => {
  using setup = await setUp({ text: withTimeout(1) });
  setup.busy = true;
  await setup.edit(withTimeout(2));
  await setup.edit(withTimeout(1));
  setup.busy = false;
  await setup.config.settle('daemon');
  expect([setup.config.version, setup.config.isDeferred]).toEqual([1, false]);
});

test('an idle daemon takes a change at once', async () => {
  using setup = await setUp({ text: withTimeout(1) });
  await setup.edit(withTimeout(2));
  expect([setup.config.current.sessions.timeout, typesOf(setup)]).toEqual([2, ['config.reloaded']]);
});

test('a reload that is asked for waits too and says so, unless it is meant now', async () => {
  using setup = await setUp({ text: withTimeout(1) });
  const { config, files } = setup;
  setup.busy = true;
  files.set('/c/config.toml', withTimeout(2));
  expect(await config.reload('owner')).toEqual({ version: 1, changedKeys: ['sessions.timeout'], restartRequired: [], deferred: true });
  expect(await config.reload('owner')).toMatchObject({ deferred: true });
  expect(typesOf(setup)).toEqual(['config.deferred']);
  expect(await config.reload('owner', { now: true })).toMatchObject({ version: 2, deferred: false });
  expect([config.isDeferred, config.current.sessions.timeout]).toEqual([false, 2]);
});
