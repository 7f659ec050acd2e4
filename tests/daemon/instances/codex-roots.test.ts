import { describe, expect, test } from 'vitest';
import { withCodexRoots } from '../../../daemon/instances/codex-roots.ts';

const dirs = { commonDir: '/src/demo/.git', gitDir: '/src/demo/.git/worktrees/one' };
const rootsOf = (argv: string[], env: Record<string, string> = {}): unknown => {
  const { CODEX_CONFIG } = withCodexRoots(argv, env, dirs);
  return CODEX_CONFIG === undefined ? undefined : JSON.parse(CODEX_CONFIG);
};
const both = [dirs.commonDir, dirs.gitDir];

describe('the git directories of a linked worktree are writable for codex-acp', () => {
  test.each([
    [['codex-acp']],
    [['/opt/bin/codex-acp']],
    [['npx', '-y', '@agentclientprotocol/codex-acp@2.6.0']],
    [['node', 'x/codex-acp']],
  ])('started as %j', (argv) => {
    expect(rootsOf(argv)).toEqual({ sandbox_workspace_write: { writable_roots: both } });
  });

  test('beside what its user has set', () => {
    const mine = { model: 'x', sandbox_workspace_write: { network_access: true, writable_roots: ['/data', dirs.gitDir] } };
    expect(rootsOf(['codex-acp'], { CODEX_CONFIG: JSON.stringify(mine) })).toEqual({
      model: 'x',
      sandbox_workspace_write: { network_access: true, writable_roots: ['/data', dirs.gitDir, dirs.commonDir] },
    });
  });
});

test.each([
  ['another agent', ['claude-agent-acp'], {}],
  ['a name that only begins so', ['codex-acp-proxy'], {}],
  ['settings that are no JSON', ['codex-acp'], { CODEX_CONFIG: '{' }],
  ['settings that are no object', ['codex-acp'], { CODEX_CONFIG: '[]' }],
])('%s keeps its environment as it is', (_, argv, env) => {
  expect(withCodexRoots(argv, env, dirs)).toBe(env);
});

test('a directory that is no checkout changes nothing', () => {
  const env = {};
  expect(withCodexRoots(['codex-acp'], env, undefined)).toBe(env);
});
