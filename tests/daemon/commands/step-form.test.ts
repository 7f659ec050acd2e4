import { expect, test } from 'vitest';
import { stepForm, unknownBuiltin } from '../../../daemon/commands/step-form.ts';
import { builtins } from './fixture.ts';

test.each([
  ['gather-context', 'builtin'],
  ['make', 'builtin'],
  ['make test', 'shell'],
  ['a|b', 'shell'],
  ['a&', 'shell'],
  ['a;b', 'shell'],
  ['a>b', 'shell'],
  ['a<b', 'shell'],
  ['$HOME', 'shell'],
  ['(a)', 'shell'],
  ['`a`', 'shell'],
  ['a\nb', 'shell'],
  ['a\tb', 'shell'],
  ['build.py', 'script'],
  ['build.sh', 'script'],
  ['build.js', 'script'],
  ['build.mjs', 'script'],
  ['lib/build.ts', 'script'],
  ['python build.py', 'shell'],
  ['build.rb', 'builtin'],
])('the string %j is a %s step', (action, form) => {
  expect(stepForm(action)).toBe(form);
});

test('an unknown builtin is told its neighbour and the way to run a program', () => {
  expect(unknownBuiltin('gather-contxt', builtins)).toMatch(/did you mean "gather-context"\?.*type: shell/);
  expect(unknownBuiltin('make', builtins)).toContain('type: shell');
});
