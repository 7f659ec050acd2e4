import { describe, expect, test } from 'vitest';
import { baseFor, branchFor, ownBranch } from '../../../daemon/commands/branch.ts';
import { builtinCommands } from '../../../daemon/commands/builtin-commands.ts';
import { inferKind } from '../../../daemon/commands/kind.ts';
import { planSteps } from '../../../daemon/commands/plan.ts';
import { createLookup } from '../../../daemon/commands/template.ts';
import { builtins, definitionOf, fixture } from './fixture.ts';

const rows = (text: string) => {
  const definition = definitionOf(text);
  const planned = planSteps(definition, { kind: inferKind(definition).kind, builtins });
  return planned.map(({ index, phase, name, type, runIn, timeoutSeconds }) => [index, phase, name, type, runIn, timeoutSeconds]);
};

describe('the kind', () => {
  test.each([
    ['name: worktree-list\nsteps: [git worktree list]', 'standard', 'nothing asks'],
    ['name: a\nworktree:\nsteps: [date]', 'worktree', 'the worktree block'],
    ['name: a\nsteps: [create-worktree]', 'worktree', 'the step create-worktree'],
    ['name: a\nsteps: [start-worktree-session]', 'worktree', 'the step start-worktree-session'],
    ['name: a\nsession:\nsteps: [create-worktree]', 'worktree', 'the step create-worktree'],
    ['name: a\nsession: {}\nsteps: [date]', 'session', 'the session block'],
    ['name: a\npost_steps: [session-create]', 'session', 'the step session-create'],
    ['name: a\nsteps: [start-session]', 'session', 'the step start-session'],
    ['name: a\nlifecycle: standard\nsteps: [create-worktree]', 'standard', 'lifecycle: standard'],
    ['name: a\nsteps: [{type: shell, action: create-worktree}]', 'standard', 'nothing asks'],
  ])('of %j is %s', (text, kind, reason) => {
    const inferred = inferKind(definitionOf(text));
    expect(inferred.kind).toBe(kind);
    expect(inferred.reason).toContain(reason);
  });

  test('never comes from the name', async () => {
    expect(inferKind(definitionOf(await fixture('worktree-list'))).kind).toBe('standard');
  });
});

describe('the plan', () => {
  test('acquires before the steps and releases in reverse after them', async () => {
    expect(rows(await fixture('feature-branch')).map((row) => [row[0], row[2], row[4]])).toEqual([
      [0, 'acquire worktree', 'daemon'],
      [0, 'acquire terminal', 'daemon'],
      [1, 'setup-environment', 'daemon'],
      [2, 'validate-prerequisites', 'daemon'],
      [3, 'gather-context', 'daemon'],
      [4, 'create-worktree', 'daemon'],
      [5, 'start-session', 'daemon'],
      [6, 'echo made > f.txt; git add f.txt; git commit -qm made', 'tmux'],
      [7, 'store-artifacts', 'daemon'],
      [0, 'release terminal', 'daemon'],
      [0, 'release worktree', 'daemon'],
    ]);
  });

  test('of a standard command has no lifecycle, and cleanup has its own time', () => {
    const text =
      'name: a\nsteps: [date, {action: make x, timeout: 5}]\ncleanup_on_failure: [rm x]\nfinally_steps: [{action: b c, timeout: 0}]';
    expect(rows(text)).toEqual([
      [1, 'main', 'date', 'script', 'process', undefined],
      [2, 'main', 'make x', 'shell', 'process', 5],
      [3, 'cleanup', 'rm x', 'shell', 'process', 60],
      [4, 'finally', 'b c', 'shell', 'process', undefined],
    ]);
  });
});

describe('the branch', () => {
  const branch = (text: string, source: Parameters<typeof createLookup>[0] = {}) => branchFor(definitionOf(text), createLookup(source));
  const step = 'name: a\narguments: [x]\nsteps: [{action: create-worktree, args: {branch: "s/{{ x }}"}}]\nworktree: {branch: w}';
  const block = 'name: a\nsteps: [create-worktree]\nworktree: {branch: "w/{{ data.x | default(1) }}"}';
  test.each([
    ['the argument of the step', step, { arguments: { x: '1' }, data: { branch_name: 'd' } }, 's/1'],
    ['the shared data', block, { data: { branch_name: 'd' } }, 'd'],
    ['the worktree block', block, {}, 'w/1'],
    ['not said', 'name: a\nsteps: [create-worktree]', {}, undefined],
    ['the argument `name`', 'name: a\narguments: [name]\nsteps: [start-worktree-session]', { arguments: { name: 'n' } }, 'n'],
  ])('is %s', (_, text, source, expected) => {
    expect(branch(text, source)).toBe(expected);
  });

  test('that nobody names is one of the command and the second, with a number for the next', () => {
    const now = new Date('2026-03-04T05:06:07.890Z');
    expect([ownBranch('a', now), ownBranch('a..b', now, 2)]).toEqual(['pj-a-20260304-050607', 'pj-a.b-20260304-050607-2']);
  });

  test('of the built-in start is its argument', () => {
    const start = definitionOf(builtinCommands[0]!);
    const declared = start.arguments.map(({ name }) => name);
    const given = createLookup({ declared, arguments: { name: 'topic', base_branch: 'v1' } });
    expect([branchFor(start, given), baseFor(start, given)]).toEqual(['topic', 'v1']);
    expect(baseFor(start, createLookup({ declared, arguments: { name: 'topic' } }))).toBeUndefined();
  });
});
