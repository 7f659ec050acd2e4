import { expect, test } from 'vitest';
import { setUp } from './service-fixture.ts';

const file = '/src/shop/.coppice/config.toml';

test('a project without a file sees what is in force', async () => {
  using setup = await setUp({ text: '[sessions]\ntimeout = 5\n' });
  expect(await setup.config.forProject('/src/shop')).toBe(setup.config.current);
});

test('the file of a project counts for it alone, below variables, and is read again when it or the rest changes', async () => {
  using setup = await setUp({ text: '[sessions]\ntimeout = 5\n' });
  const { config, files } = setup;
  files.set(file, '[sessions]\ntimeout = 60\n');
  const view = await config.forProject('/src/shop');
  expect(view.sessions.timeout).toBe(60);
  expect(await config.forProject('/src/shop')).toBe(view);
  expect((await config.forProject('/src/other')).sessions.timeout).toBe(5);
  files.set(file, '[sessions]\ntimeout = 600\n');
  expect((await config.forProject('/src/shop')).sessions.timeout).toBe(600);
  await setup.edit('[sessions]\ntimeout = 5\nshell = "/bin/zsh"\n');
  expect((await config.forProject('/src/shop')).sessions).toEqual({ timeout: 600, shell: '/bin/zsh' });
  files.delete(file);
  expect((await config.forProject('/src/shop')).sessions.timeout).toBe(5);
});

test('a variable wins over the file of a project', async () => {
  using setup = await setUp({ env: { COPPICE_SESSIONS__TIMEOUT: '7' } });
  setup.files.set(file, '[sessions]\ntimeout = 60\n');
  expect((await setup.config.forProject('/src/shop')).sessions.timeout).toBe(7);
  expect(await setup.config.explain('sessions.timeout', '/src/shop')).toMatchObject({ value: 7, layer: 'environment' });
});

test('a wrong file of a project is told to whoever uses it, and to nobody else', async () => {
  using setup = await setUp();
  setup.files.set(file, '[websocket]\nenabled = true\n[sessions]\ntimeout = -1\n');
  await expect(setup.config.forProject('/src/shop')).rejects.toMatchObject({
    kind: 'CONFIG_INVALID',
    details: {
      diagnostics: [
        { path: file, line: 2 },
        { path: file, line: 4 },
      ],
    },
  });
  await expect(setup.config.get('sessions.timeout', '/src/shop')).rejects.toMatchObject({ kind: 'CONFIG_INVALID' });
  expect((await setup.config.forProject('/src/other')).sessions.timeout).toBe(1800);
  expect(setup.events()).toEqual([]);
});

test('validation takes nothing: of a text, a file, the file of a project, and of all that stands', async () => {
  using setup = await setUp({ text: '[sessions]\ntimeout = 5\n', env: { COPPICE_SESSIONS__TIMEOT: '1' } });
  const { config, files } = setup;
  expect(await config.validate({ text: '[sessions]\ntimeout = 6\n' })).toEqual({ valid: true, diagnostics: [] });
  expect(await config.validate({ text: 'x = 1', path: '/a.toml' })).toMatchObject({
    valid: false,
    diagnostics: [{ path: '/a.toml', line: 1, key: 'x' }],
  });
  files.set(file, '[daemon]\ndrain_ms = 1\n');
  expect(await config.validate({ path: file })).toMatchObject({ valid: false, diagnostics: [{ path: file, line: 2 }] });
  expect(await config.validate({})).toMatchObject({ valid: true, diagnostics: [{ level: 'warning', key: 'COPPICE_SESSIONS__TIMEOT' }] });
  files.set('/c/config.toml', 'wrong');
  expect(await config.validate({})).toMatchObject({ valid: false });
  await expect(config.validate({ path: '/nowhere.toml' })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  expect([config.version, setup.events()]).toEqual([1, []]);
});
