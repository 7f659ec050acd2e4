import { describe, expect, test } from 'vitest';
import type { Bases } from '../../../daemon/commands/inherit.ts';
import { finishCommand, readCommand } from '../../../daemon/commands/parse-command.ts';
import { brief, fixture } from './fixture.ts';

function family(texts: readonly string[]) {
  const reads = new Map(texts.map((text) => readCommand(text)).map((read) => [read.name ?? '', read]));
  const bases: Bases = {
    find: (name) => (reads.has(name) ? { file: reads.get(name)?.file, broken: reads.get(name)?.diagnostics.length !== 0 } : undefined),
    names: () => [...reads.keys()],
  };
  return (name: string) => finishCommand(reads.get(name)!, bases);
}

describe('extends', () => {
  test('merges environment, arguments and steps', async () => {
    const get = family(await Promise.all(['base', 'child', 'grandchild'].map(fixture)));
    const child = get('child').definition!;
    expect(child.abstract).toBe(false);
    expect(child.steps.map(({ action }) => action)).toEqual([
      'echo before',
      'setup-environment',
      'echo first',
      'echo mine',
      'echo after',
      'echo last',
    ]);
    expect(child.environment).toEqual({ A: 'base', B: 'child' });
    expect(child.arguments).toMatchObject([{ name: 'level', choices: ['low', 'high'], default: 'high' }]);
    expect(child.requires).toEqual(['git', 'make']);
    const grandchild = get('grandchild').definition!;
    expect(grandchild.steps.map(({ action }) => action)).toEqual([
      'validate-prerequisites',
      'echo first',
      'echo mine',
      'echo deepest',
      'echo after',
      'echo last',
    ]);
    expect(grandchild.environment).toEqual({ A: 'base', B: 'child', C: '{{ level }}' });
  });

  test('an abstract command needs no step', async () => {
    expect(family(['name: a\nabstract: true'])('a').definition?.abstract).toBe(true);
  });

  test.each([
    [
      'a cycle',
      ['name: a\nextends: b', 'name: b\nextends: c', 'name: c\nextends: b'],
      '2:10 extends The command extends itself: "a" → "b" → "c" → "b".',
    ],
    [
      'a missing base',
      ['name: a\nextends: b', 'name: b\nextends: other'],
      '2:10 extends No command is named "other" ("a" → "b" → "other").',
    ],
    ['a broken base', ['name: a\nextends: b', 'name: b\nstepz: []'], '2:10 extends The base "b" has errors of its own ("a" → "b").'],
  ])('%s is an error with the chain', (_, texts, message) => {
    expect(brief(family(texts)('a'))).toEqual([message]);
  });

  test('what an inherited step does wrong here is shown at extends', () => {
    const get = family(['name: a\nextends: b\nlifecycle: standard', 'name: b\nlifecycle: session\nsteps: [{action: x, run_in: tmux}]']);
    expect(get('a').diagnostics).toMatchObject([{ line: 2, column: 10 }]);
    expect(get('b').diagnostics).toEqual([]);
  });
});
