import { expect, test } from 'vitest';
import { z } from 'zod';
import { explainKey, getValue, maskedValue } from '../../../daemon/config/explain.ts';
import type { ConfigNode } from '../../../schemas/config-tree.ts';
import { load, projectPath, userPath } from './fixture.ts';

const layered = {
  user: '# mine\n[sessions]\ntimeout = 1\nshell = "/bin/zsh"\n[daemon]\nlog_level = "debug"\n[agents.claude]\naliases = ["cc"]\n',
  project: '\n\n[sessions]\ntimeout = 2\n',
  env: { COPPICE_DAEMON__LOG_LEVEL: 'warn' },
  flags: ['daemon.drain_ms=5'],
};

test.each([
  [
    'sessions.timeout',
    { value: 2, layer: 'project', path: projectPath, line: 4, column: 1, default: 1800, reload: 'pinned', projectSafe: true },
  ],
  ['sessions.shell', { value: '/bin/zsh', layer: 'user', path: userPath, line: 4, default: null, projectSafe: false }],
  ['daemon.log_level', { value: 'warn', layer: 'environment', path: 'COPPICE_DAEMON__LOG_LEVEL', default: 'info', reload: 'live' }],
  ['daemon.drain_ms', { value: 5, layer: 'flag', path: '--set daemon.drain_ms', default: 3000 }],
  ['websocket.port', { value: 0, layer: 'default', default: 0, reload: 'restart', variable: 'COPPICE_WEBSOCKET__PORT' }],
  ['sessions.max_running', { value: null, layer: 'default', default: null }],
  ['agents.claude.aliases', { value: ['cc'], layer: 'user', line: 8, default: [] }],
  [
    'agents.claude.command',
    { value: ['claude-agent-acp'], layer: 'default', default: ['claude-agent-acp'], variable: 'COPPICE_AGENTS__CLAUDE__COMMAND' },
  ],
])('%s is explained by what set it', async (key, explanation) => {
  const found = await explainKey(await load(layered), key);
  expect(found).toMatchObject({ key, secret: false, description: expect.stringMatching(/\.$/), ...explanation });
  if (explanation.layer === 'default') expect(found).not.toHaveProperty('path');
});

test.each(['nothing', 'sessions.timeot', 'agents.nobody.command', 'agents.nobody', 'sessions.constructor', '', '__proto__.x'])(
  '%j can neither be asked for nor explained',
  async (key) => {
    const loaded = await load();
    expect(() => getValue(loaded, key)).toThrow(expect.objectContaining({ kind: 'NOT_FOUND' }));
    await expect(explainKey(loaded, key)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  },
);

test('a misspelt key is told with the nearest, a table with a key of it', async () => {
  const loaded = await load();
  await expect(explainKey(loaded, 'sessions.timeot')).rejects.toThrow('did you mean "sessions.timeout"?');
  await expect(explainKey(loaded, 'agents.claude')).rejects.toThrow(
    '"agents.claude" is a table; ask for one key of it, like "agents.claude.',
  );
});

test('the whole, a table, an entry or one key can be asked for; what is not set is null', async () => {
  const loaded = await load();
  expect(getValue(loaded, undefined)).toEqual(loaded.config);
  expect(getValue(loaded, 'events')).toEqual({ keep_days: 30, keep_rows: 1_000_000 });
  expect(getValue(loaded, 'agents.shell.command')).toEqual(['bash']);
  expect(getValue(loaded, 'agents.shell.model')).toBeNull();
  expect(getValue(loaded, 'sessions.shell')).toBeNull();
});

test('a secret is shown to nobody, wherever it is', () => {
  const secret: ConfigNode = { kind: 'key', schema: z.string(), description: 'x', reload: 'live', secret: true };
  const plain: ConfigNode = { kind: 'key', schema: z.string(), description: 'x', reload: 'live' };
  const tree: ConfigNode = {
    kind: 'table',
    members: { auth: { kind: 'record', name: z.string(), entry: { kind: 'table', members: { id: plain, secret } } } },
  };
  expect(maskedValue({ auth: { a: { id: 'me', secret: 'hush' }, b: { id: 'you' } } }, tree)).toEqual({
    auth: { a: { id: 'me', secret: '(secret)' }, b: { id: 'you' } },
  });
});
